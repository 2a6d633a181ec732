/**
 * Wrong caches that histories show. The operations of most meet others of the same key that are under way, and share their
 * results: two at once do not show it, it takes one that begins while another is under way, after a third has ended.
 */
import type { CacheDriver, DriverFailure } from "@hexcache/cache-port"
import { Deferred, Effect, identity } from "effect"
import type { FakeServer } from "./FakeStore.ts"
import { type WrongCache, wrongDriver, wrongStore } from "./WrongCache.ts"

const law = "all operations on a key at once have results as if one had come after the other"

/** A few turns, in which others come between. */
const delay = Effect.andThen(Effect.yieldNow, Effect.andThen(Effect.yieldNow, Effect.yieldNow))

/** Joins an operation on a key to one that is under way, and makes the result of those that joined of its own. */
const joining = <A>(toJoined: (result: A) => A = identity) => {
  const underWay = new Map<string, Deferred.Deferred<A, DriverFailure>>()
  return (key: string, operation: Effect.Effect<A, DriverFailure>): Effect.Effect<A, DriverFailure> =>
    Effect.suspend(() => {
      const joined = underWay.get(key)
      if (joined !== undefined) return Effect.map(Deferred.await(joined), toJoined)
      const own = Deferred.makeUnsafe<A, DriverFailure>()
      underWay.set(key, own)
      // The end must come, also if the first caller is interrupted.
      const run = Effect.flatMap(Effect.exit(Effect.tap(operation, () => delay)), (exit) => {
        underWay.delete(key)
        return Deferred.done(own, exit)
      })
      return Effect.andThen(Effect.forkDetach(run, { startImmediately: true }), Deferred.await(own))
    })
}

/** Waits until the store is back, and carries a request out again, many times. */
const carryOutAgain = (request: Effect.Effect<unknown, DriverFailure>, server: FakeServer): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (server.state !== "up") yield* Effect.sleep(5)
    for (let time = 0; time < 100; time++) yield* Effect.delay(Effect.ignore(request), 15)
  })

const slow = (name: string, change: (right: CacheDriver) => Partial<CacheDriver>): WrongCache =>
  wrongDriver(law, name, change)

export const histories: ReadonlyArray<WrongCache> = [
  slow("a get joins one that has read already", (right) => {
    const join = joining<string | undefined>()
    return { get: (key) => join(key, right.get(key)) }
  }),
  slow("an exists joins one that has looked already", (right) => {
    const join = joining<boolean>()
    return { exists: (key) => join(key, right.exists(key)) }
  }),
  slow("a delete leaves the work to one that has removed the key already", (right) => {
    const join = joining<number>(() => 0)
    return {
      deleteMany: (keys) => {
        const [key, ...others] = keys
        return key === undefined || others.length > 0 ? right.deleteMany(keys) : join(key, right.deleteMany(keys))
      }
    }
  }),
  slow("a setIfAbsent gives way to one that has ended already", (right) => {
    const join = joining<boolean>(() => false)
    return { setIfAbsent: (key, value, ttl) => join(key, right.setIfAbsent(key, value, ttl)) }
  }),
  slow("a set is acknowledged as soon as a newer one waits", (right) => {
    /** The set of each key that waits for the one under way. */
    const waiting = new Map<string, { write: Effect.Effect<void>; readonly ended: Deferred.Deferred<void> }>()
    const busy = new Set<string>()
    const drain = (key: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        const next = waiting.get(key)
        waiting.delete(key)
        if (next === undefined) {
          busy.delete(key)
          return Effect.void
        }
        return Effect.andThen(next.write, Effect.andThen(Deferred.succeed(next.ended, undefined), drain(key)))
      })
    return {
      set: (key, value, ttl) =>
        Effect.suspend(() => {
          const write = Effect.andThen(delay, right.set(key, value, ttl) as Effect.Effect<void>)
          const older = waiting.get(key)
          const ended = Deferred.makeUnsafe<void>()
          waiting.set(key, { write, ended })
          // Last, as the older caller goes on at once, maybe with another set.
          if (older !== undefined) Deferred.doneUnsafe(older.ended, Effect.void)
          if (busy.has(key)) return Deferred.await(ended)
          busy.add(key)
          return Effect.andThen(Effect.forkDetach(drain(key), { startImmediately: true }), Deferred.await(ended))
        })
    }
  }),
  wrongStore(
    `frozen: ${law}, or say that they are open`,
    "what was not answered is carried out again and again once the store is back",
    (right, server) => ({
      execute: (request) =>
        Effect.tapError(right.execute(request), ({ outcome }) =>
          outcome === "Unknown" ? Effect.forkDetach(carryOutAgain(request, server)) : Effect.void
        )
    })
  )
]
