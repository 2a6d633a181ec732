/**
 * Bounds of time that a busy machine keeps. A test fails where a promise is broken, and not where the machine is late; how
 * exactly a promise is kept is for `pnpm storm` and `pnpm bench:outage` to say.
 */
import { assert } from "@effect/vitest"
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Schedule, Stream } from "effect"
import { timed } from "./servers.ts"

type Cache = CachePort["Service"]

/** Added to the time by which anything ends, in milliseconds. */
export const patience = 2_000

/** Added to the time within which a cache is back after a fault, in milliseconds. */
export const recoveryPatience = 3_000

/** One operation of every kind. */
export const everyOperation = (cached: Cache): ReadonlyArray<Effect.Effect<unknown, CacheError>> => [
  cached.get("key"),
  cached.getMany(["a", "b"]),
  cached.set("key", "value"),
  cached.setMany([["a", "1"]]),
  cached.increment("count"),
  cached.deleteMany(["a", "b"]),
  cached.deletePattern("*"),
  Stream.runDrain(cached.scan("*")),
  cached.flush,
  cached.ping
]

/** Runs an effect, which must end within so many milliseconds. */
export const endsWithin = <A, E, R>(millis: number, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.timeoutOrElse(effect, {
    duration: millis,
    orElse: () => Effect.die(new Error(`not ended after ${millis} ms`))
  })

/** Runs every kind of operation at the same time. Each must fail by the deadline, and one of them wait for it. */
export const failByDeadline = (deadline: number, cached: Cache): Effect.Effect<ReadonlyArray<CacheError>> =>
  Effect.gen(function* () {
    const failures = yield* Effect.all(
      everyOperation(cached).map((operation) => timed(failByThen(deadline, operation))),
      { concurrency: "unbounded" }
    )
    // A shorter deadline than the one that was set would keep the bound above.
    assert.isAtLeast(Math.max(...failures.map(([, millis]) => millis)), deadline - 5)
    return failures.map(([error]) => error)
  })

/**
 * Runs every kind of operation at the same time. Each must end by the deadline; a read may succeed on the next connection.
 * Returns the errors of those that fail.
 */
export const endByDeadline = (deadline: number, cached: Cache): Effect.Effect<ReadonlyArray<CacheError>> =>
  Effect.gen(function* () {
    const errors: Array<CacheError> = []
    const collect = (error: CacheError) => Effect.sync(() => void errors.push(error))
    yield* Effect.all(
      everyOperation(cached).map((operation) => endsWithin(deadline + patience, Effect.catch(operation, collect))),
      { concurrency: "unbounded" }
    )
    assert.isNotEmpty(errors)
    return errors
  })

/** Runs every kind of operation at the same time. Each must fail by the deadline, and none needs to wait for it. */
export const failSoon = (deadline: number, cached: Cache): Effect.Effect<ReadonlyArray<CacheError>> =>
  Effect.all(
    everyOperation(cached).map((operation) => failByThen(deadline, operation)),
    { concurrency: "unbounded" }
  )

const failByThen = (deadline: number, operation: Effect.Effect<unknown, CacheError>) =>
  endsWithin(deadline + patience, Effect.flip(operation)).pipe(Effect.orDie)

/**
 * Runs operations one after the other, every kind unless given. All of them must fail without waiting: together they take
 * less than a quarter of their deadlines.
 */
export const failAtOnce = (
  deadline: number,
  cached: Cache,
  operations: ReadonlyArray<Effect.Effect<unknown, CacheError>> = everyOperation(cached)
): Effect.Effect<ReadonlyArray<CacheError>> =>
  Effect.gen(function* () {
    const [errors, millis] = yield* timed(Effect.forEach(operations, (operation) => failByThen(deadline, operation)))
    assert.isBelow(millis, (operations.length * deadline) / 4)
    return errors
  })

/** Runs an operation until it succeeds, which it must within so many milliseconds, and those of a busy machine. */
export const succeedsWithin = <A>(millis: number, operation: Effect.Effect<A, CacheError>): Effect.Effect<A> =>
  Effect.orDie(endsWithin(millis + recoveryPatience, untilSuccess(operation)))

/** Runs an operation until it succeeds. */
export const untilSuccess = <A>(operation: Effect.Effect<A, CacheError>): Effect.Effect<A, CacheError> =>
  Effect.retry(operation, { times: 3_000, schedule: Schedule.spaced(10) })

/** Pings until the connection is known to be gone. */
export const untilFailure = (cached: Cache): Effect.Effect<CacheError> =>
  Effect.orDie(Effect.flip(Effect.repeat(cached.ping, { schedule: Schedule.spaced(5) })))

/** Waits until something has come about, at most a minute. */
export const eventually = (isSo: () => boolean | Promise<boolean>): Effect.Effect<void> =>
  Effect.promise(async () => await isSo()).pipe(
    Effect.repeat({ until: (isSo) => isSo, schedule: Schedule.spaced(10) }),
    (waiting) => Effect.asVoid(endsWithin(60_000, waiting))
  )

/** Runs an operation until it fails for this reason. Returns the error. */
export const failsFor = (
  reason: CacheError["reason"]["_tag"],
  operation: Effect.Effect<unknown, CacheError>
): Effect.Effect<CacheError> =>
  Effect.flip(operation).pipe(
    Effect.repeat({ until: (error) => error.reason._tag === reason, schedule: Schedule.spaced(10) }),
    (failing) => Effect.orDie(endsWithin(60_000, failing))
  )
