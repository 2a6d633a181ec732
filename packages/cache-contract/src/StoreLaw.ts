/**
 * Laws about a store that is out of order.
 */
import { CacheError, type CacheErrorReason, CachePort } from "@hexcache/cache-port"
import { Clock, Context, Effect, Exit, Fiber, Layer, Option, Schedule, type Scope, Stream } from "effect"
import { assert } from "vitest"
import type { Store } from "./Harness.ts"
import type { Law } from "./Law.ts"

type Cache = CachePort["Service"]

/** A law that is examined on a store of its own. */
export const storeLaw = (
  name: string,
  check: (store: Store) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>
): Law => ({
  name,
  check: ({ harness: { store } }) =>
    store === undefined ? Effect.void : onTime(bounded(Effect.scoped(Effect.flatMap(store, Effect.fnUntraced(check))))),
  applies: ({ store }) => store !== undefined
})

/** Ends a law whose operations never end. */
const bounded = (check: Effect.Effect<void, unknown>): Effect.Effect<void, unknown> =>
  Effect.timeoutOrElse(check, { duration: "6 seconds", orElse: () => Effect.fail("the law has not ended after 6 s") })

/** How late an event loop may be that times are measured on, in milliseconds. */
const punctual = 20

/** Examines again, on another store, what broke on a machine that was too busy to measure times. */
const onTime = (check: Effect.Effect<void, unknown>): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    for (let attempt = 1; ; attempt++) {
      let latest = 0
      const watch = Effect.gen(function* () {
        for (;;) {
          const due = (yield* Clock.currentTimeMillis) + 5
          yield* Effect.sleep(5)
          latest = Math.max(latest, (yield* Clock.currentTimeMillis) - due)
        }
      })
      const watching = yield* Effect.forkChild(watch)
      const exit = yield* Effect.exit(check)
      yield* Fiber.interrupt(watching)
      if (Exit.isSuccess(exit) || latest <= punctual || attempt === 5) return yield* exit
      yield* Effect.sleep(500)
    }
  })

/** How much later than promised something is seen to end, in milliseconds. */
export const margin = 50

/** A way for a store to be out of order. */
export interface Fault {
  readonly name: string
  readonly begin: (store: Store) => Effect.Effect<void>
  readonly end: (store: Store) => Effect.Effect<void>
  /** By when the first operation succeeds once it has ended, in milliseconds. */
  readonly recovery: number
  /** Whether the data is there afterwards. */
  readonly keepsData: boolean
}

export const frozen: Fault = {
  name: "frozen",
  begin: ({ freeze }) => freeze,
  end: ({ thaw }) => thaw,
  recovery: 1_000,
  keepsData: true
}

export const killed: Fault = {
  name: "killed",
  begin: ({ kill }) => kill,
  end: ({ restart }) => restart,
  recovery: 1_000,
  keepsData: false
}

export const cutOff: Fault = {
  name: "cut off",
  begin: ({ cutOff }) => cutOff,
  end: ({ reconnect }) => reconnect,
  // An attempt to connect that began before may have to run out first.
  recovery: 1_500,
  keepsData: true
}

export const faults: ReadonlyArray<Fault> = [frozen, killed, cutOff]

/** The cache on a store, for as long as the scope is open. */
export const build = ({ layer }: Store): Effect.Effect<Cache, unknown, Scope.Scope> =>
  Effect.map(Layer.build(layer), Context.get(CachePort))

/** As `build`, once the store answers. */
export const buildReady = (store: Store) => Effect.tap(build(store), untilSuccess)

/** Asks until the store answers: by a round trip, as a get may be answered from memory. */
export const untilSuccess = ({ ping }: Cache) =>
  Effect.retry(Effect.timeout(ping, "2 seconds"), { times: 300, schedule: Schedule.spaced(10) })

/** Asks until the cache itself knows that the store does not answer. */
export const untilUnavailable = (cache: Cache, { deadline }: Store) =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < 20; attempt++) {
      const { exit } = yield* timed("get", cache.get("key"), deadline)
      if (reasonOf(exit) === "Unavailable") return
    }
    assert.fail("operations of a store that is away do not fail with Unavailable")
  })

/** What an operation comes to, which must be by `limit` milliseconds from now. */
export const timed = <A, E, R>(what: string, asked: Effect.Effect<A, E, R>, limit: number) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    // Not a child, which would be waited for: it may never end.
    const fiber = yield* Effect.forkDetach(asked)
    const ended = yield* Effect.timeoutOption(Fiber.await(fiber), limit + margin)
    assert(Option.isSome(ended), `${what} has not ended after ${limit} ms`)
    return { exit: ended.value, millis: (yield* Clock.currentTimeMillis) - start }
  })

/** The reason of a failure, or undefined for a success. Anything else than a `CacheError` breaks every law. */
export const errorOf = (exit: Exit.Exit<unknown, unknown>): CacheError | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const [first] = exit.cause.reasons
  assert(first?._tag === "Fail" && first.error instanceof CacheError, `failed with ${first?._tag}, not a CacheError`)
  return first.error
}

export const reasonOf = (exit: Exit.Exit<unknown, unknown>): CacheErrorReason["_tag"] | undefined =>
  errorOf(exit)?.reason._tag

/** How each operation of the port that asks its store is asked, on keys that need not be there. */
export const operations: ReadonlyArray<
  readonly [name: string, ask: (cache: Cache) => Effect.Effect<unknown, CacheError>]
> = [
  ["get", (cache) => cache.get("key")],
  ["getJson", (cache) => cache.getJson("key")],
  ["set", (cache) => cache.set("key", "value")],
  ["setJson", (cache) => cache.setJson("key", 1)],
  ["setIfAbsent", (cache) => cache.setIfAbsent("key", "value")],
  ["delete", (cache) => cache.delete("key")],
  ["deleteMany", (cache) => cache.deleteMany(["a", "b"])],
  ["getAndDelete", (cache) => cache.getAndDelete("key")],
  ["compareAndDelete", (cache) => cache.compareAndDelete("key", "value")],
  ["exists", (cache) => cache.exists("key")],
  ["expire", (cache) => cache.expire("key", "1 hour")],
  ["ttl", (cache) => cache.ttl("key")],
  ["increment", (cache) => cache.increment("count")],
  ["decrement", (cache) => cache.decrement("count")],
  ["getMany", (cache) => cache.getMany(["a", "b"])],
  ["setMany", (cache) => cache.setMany([["a", "1"]])],
  ["deletePattern", (cache) => cache.deletePattern("*")],
  ["scan", (cache) => Stream.runDrain(cache.scan("*"))],
  ["flush", (cache) => cache.flush],
  ["ping", (cache) => cache.ping]
]

/** Every operation of the port that asks its store. */
export const everyOperation = (
  cache: Cache
): ReadonlyArray<readonly [name: string, Effect.Effect<unknown, CacheError>]> =>
  operations.map(([name, ask]) => [name, ask(cache)])
