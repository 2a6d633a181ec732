/**
 * Wrong caches that an interruption at the wrong moment leaves in disorder.
 */
import { DriverFailure, Unavailable } from "@hexcache/cache-port"
import { Deferred, Effect, Exit, Semaphore, Stream } from "effect"
import { brokenBy, type WrongCache, wrongDriver } from "./WrongCache.ts"

/** Holds a lock around an operation, and lets go of it only where that is not interrupted. */
const leakyLock = () => {
  const lock = Semaphore.makeUnsafe(1)
  return <A, E>(operation: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.andThen(
      lock.take(1),
      Effect.flatMap(Effect.exit(operation), (exit) => Effect.andThen(lock.release(1), exit))
    )
}

export const interruption: ReadonlyArray<WrongCache> = [
  wrongDriver("interruption", "a write starts before it is run", (right) => ({
    set: (key, value, ttl) => {
      Effect.runSync(Effect.ignore(right.set(key, value, ttl)))
      return right.set(key, value, ttl)
    }
  })),
  wrongDriver("interruption", "a write is dropped where it can be interrupted no more", (right) => ({
    set: (key, value, ttl) =>
      Effect.withFiber((fiber) =>
        (fiber as unknown as { readonly interruptible: boolean }).interruptible
          ? right.set(key, value, ttl)
          : Effect.void
      )
  })),
  ...brokenBy("a write that is interrupted at any moment has happened or has not, and can be made by others", {
    "increment and its time to live are two steps": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.flatMap(right.exists(key), (exists) =>
          Effect.tap(right.increment(key, amount, undefined), () =>
            exists || ttl === undefined ? Effect.void : right.expire(key, ttl)
          )
        )
    }),
    "set and its time to live are two steps": (right) => ({
      set: (key, value, ttl) => Effect.andThen(right.set(key, value, undefined), right.expire(key, ttl))
    }),
    "setIfAbsent and its time to live are two steps": (right) => ({
      setIfAbsent: (key, value, ttl) =>
        Effect.tap(right.setIfAbsent(key, value, undefined), (isSet) => (isSet ? right.expire(key, ttl) : Effect.void))
    }),
    "set deletes, then writes": (right) => ({
      set: (key, value, ttl) => Effect.andThen(right.deleteMany([key]), right.set(key, value, ttl))
    }),
    "expire takes the value out, and puts it back": (right) => ({
      expire: (key, ttl) =>
        ttl === 0
          ? right.expire(key, ttl)
          : Effect.flatMap(right.getAndDelete(key), (value) =>
              value === undefined ? Effect.succeed(false) : Effect.as(right.set(key, value, ttl), true)
            )
    }),
    "a lock around set stays held": (right) => {
      const locked = leakyLock()
      return { set: (key, value, ttl) => locked(right.set(key, value, ttl)) }
    },
    "a lock around compareAndDelete stays held": (right) => {
      const locked = leakyLock()
      return { compareAndDelete: (key, expected) => locked(right.compareAndDelete(key, expected)) }
    },
    "an interrupted increment is taken back, and its key is left at 0": (right) => ({
      increment: (key, amount, ttl) =>
        Effect.onInterrupt(right.increment(key, amount, ttl), () => Effect.ignore(right.increment(key, -amount, ttl)))
    })
  }),
  ...brokenBy("a setMany that is interrupted at any moment has written all of its 300 entries or none", {
    "setMany is one write after another": (right) => ({
      setMany: (entries, ttl) =>
        Effect.forEach(entries, ([key, value]) => right.set(key, value, ttl), { discard: true })
    }),
    "setMany is written in parts of 100": (right) => ({
      setMany: (entries, ttl) =>
        Effect.forEach(
          [0, 100, 200].map((from) => entries.slice(from, from + 100)).filter((part) => part.length > 0),
          (part) => right.setMany(part, ttl),
          { discard: true }
        )
    }),
    "setMany writes, then sets the times to live": (right) => ({
      setMany: (entries, ttl) =>
        entries.length < 100 || ttl === undefined
          ? right.setMany(entries, ttl)
          : Effect.andThen(right.setMany(entries.slice(1), ttl), right.setMany(entries.slice(0, 1), ttl))
    })
  }),
  ...brokenBy("every operation that is interrupted at any moment ends, and holds up nobody else", {
    "a lock around get stays held": (right) => {
      const locked = leakyLock()
      return { get: (key) => locked(right.get(key)) }
    },
    "a lock around ping stays held": (right) => ({ ping: leakyLock()(right.ping) }),
    "callers of one get wait for the first of them": (right) => {
      const flights = new Map<string, Deferred.Deferred<string | undefined, DriverFailure>>()
      return {
        get: (key) =>
          Effect.suspend(() => {
            const flight = flights.get(key)
            if (flight !== undefined) return Deferred.await(flight)
            const own = Deferred.makeUnsafe<string | undefined, DriverFailure>()
            flights.set(key, own)
            return Effect.flatMap(Effect.exit(Effect.andThen(Effect.yieldNow, right.get(key))), (exit) => {
              flights.delete(key)
              return Effect.andThen(Deferred.done(own, exit), exit)
            })
          })
      }
    },
    "callers of one get are interrupted with the first of them": (right) => {
      const flights = new Map<string, Deferred.Deferred<string | undefined, DriverFailure>>()
      return {
        get: (key) =>
          Effect.suspend(() => {
            const flight = flights.get(key)
            if (flight !== undefined) return Deferred.await(flight)
            const own = Deferred.makeUnsafe<string | undefined, DriverFailure>()
            flights.set(key, own)
            return Effect.onExit(Effect.andThen(Effect.yieldNow, right.get(key)), (exit) => {
              flights.delete(key)
              const gone = new DriverFailure(new Unavailable({ message: "another caller was interrupted" }))
              return Deferred.done(own, Exit.isSuccess(exit) ? exit : Exit.fail(gone))
            })
          })
      }
    },
    "an interrupted exists never ends": (right) => ({
      exists: (key) => Effect.onInterrupt(Effect.andThen(Effect.yieldNow, right.exists(key)), () => Effect.never)
    }),
    "an operation that was interrupted breaks the connection": (right) => {
      let isBroken = false
      return {
        ttl: (key) =>
          Effect.suspend(() =>
            isBroken
              ? Effect.fail(new DriverFailure(new Unavailable({ message: "the connection is broken" })))
              : Effect.onInterrupt(Effect.andThen(Effect.yieldNow, right.ttl(key)), () =>
                  Effect.sync(() => {
                    isBroken = true
                  })
                )
          )
      }
    }
  }),
  ...brokenBy("a scan that is left in the middle keeps nothing that others need", {
    "a scan that is left in the middle keeps one of 16 connections": (right) => {
      const pool = Semaphore.makeUnsafe(16)
      return {
        scan: (pattern) =>
          Stream.concat(
            Stream.flatMap(Stream.fromEffect(pool.take(1)), () => right.scan(pattern)),
            Stream.drain(Stream.fromEffect(pool.release(1)))
          )
      }
    },
    "a scan that is left in the middle keeps the lock of writes": (right) => {
      const lock = Semaphore.makeUnsafe(1)
      return {
        scan: (pattern) =>
          Stream.concat(
            Stream.flatMap(Stream.fromEffect(lock.takeIfAvailable(1)), () => right.scan(pattern)),
            Stream.drain(Stream.fromEffect(lock.release(1)))
          ),
        set: (key, value, ttl) => lock.withPermits(1)(right.set(key, value, ttl))
      }
    }
  })
]
