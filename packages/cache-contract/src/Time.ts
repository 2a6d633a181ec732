/**
 * Time as laws see it: they judge by the clock around each operation, so a slow machine breaks none of them.
 */
import { TimeToLive } from "@hexcache/cache-port"
import { Clock, Data, Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { assert } from "vitest"
import { isUnsupported } from "./LeftOut.ts"

/** A write with a time to live, and the instants around it. All are in milliseconds. */
export interface Lifetime {
  readonly ttl: number
  /** Before the write was sent. */
  readonly from: number
  /** After the write was acknowledged. */
  readonly to: number
}

/**
 * The failure of a law that an operation reached too late to judge: the key may have expired before. `needed` is the least
 * time to live that would have been enough, in milliseconds.
 */
export class TooLate extends Data.TaggedError("TooLate")<{ readonly needed: number }> {}

/** The clock of a store, and times to live that fit it. */
export interface Time {
  /** A time to live in milliseconds that a law can outlive. */
  readonly ttl: number
  /** Times to live in milliseconds that are no whole seconds, below one and above. */
  readonly oddTtls: ReadonlyArray<number>
  /** Runs a write with a time to live, of `ttl` by default. */
  readonly write: <E, R>(operation: Effect.Effect<unknown, E, R>, ttl?: number) => Effect.Effect<Lifetime, E, R>
  /** Lets most of a lifetime pass: all but a millisecond under `TestClock`, half of it in real time. */
  readonly nearEnd: (lifetime: Lifetime) => Effect.Effect<void>
  /** Runs operations on a key within its lifetime. Fails with `TooLate` if that may have been over before they ended. */
  readonly within: <A, E, R>(lifetime: Lifetime, operation: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooLate, R>
  /** Lets a lifetime end: an operation that begins afterwards must find the key expired. */
  readonly outlive: (lifetime: Lifetime) => Effect.Effect<void>
  /**
   * Asserts that a remaining time is that of a lifetime, at an instant between the beginning and the end of the read. A
   * store that cannot be read so passes.
   */
  readonly remains: <E, R>(
    lifetime: Lifetime,
    read: Effect.Effect<TimeToLive, E, R>,
    subject?: string
  ) => Effect.Effect<void, E, R>
  /** Lets some time pass. */
  readonly pass: (duration: Duration.Input) => Effect.Effect<void>
  /** Lets as much time pass as a test can wait for. */
  readonly passLong: Effect.Effect<void>
}

/** How time passes in a store, and what a test can run of it. */
interface Passing extends Pick<Time, "pass" | "passLong"> {
  /** The time to live that a law is tried with first, in milliseconds. */
  readonly shortest: number
  /** The most that two clocks differ by which round the same instant, in milliseconds. */
  readonly rounding: number
  /** Times to live that are no whole seconds, of a law that is tried with this one. */
  readonly oddTtls: (ttl: number) => ReadonlyArray<number>
  /** As much of a time to live as `nearEnd` lets pass. */
  readonly most: (ttl: number) => number
}

const testClock: Passing = {
  shortest: 1_500,
  pass: TestClock.adjust,
  passLong: TestClock.adjust("36500 days"),
  rounding: 0,
  oddTtls: () => [1, 7, 499, 500, 999, 1_001, 1_499, 2_999],
  most: (ttl) => ttl - 1
}

const realTime: Passing = {
  shortest: 200,
  pass: Effect.sleep,
  passLong: Effect.sleep(300),
  // Client and store each round to a millisecond.
  rounding: 2,
  oddTtls: (ttl) => [ttl + 7, 9 * ttl + 99],
  most: (ttl) => ttl / 2
}

const makeTime = ({ most, oddTtls, pass, passLong, rounding }: Passing, ttl: number): Time => {
  const until = (instant: number): Effect.Effect<void> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      // A timer may fire before the clock shows the time.
      now >= instant ? Effect.void : Effect.andThen(pass(instant - now), until(instant))
    )
  return {
    ttl,
    oddTtls: oddTtls(ttl),
    pass,
    passLong,
    write: (operation, millis = ttl) =>
      Effect.gen(function* () {
        const from = yield* Clock.currentTimeMillis
        yield* operation
        return { ttl: millis, from, to: yield* Clock.currentTimeMillis }
      }),
    nearEnd: ({ from, ttl }) => until(from + most(ttl)),
    within: ({ from, ttl }, operation) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(operation)
        const needed = (yield* Clock.currentTimeMillis) - from + rounding
        if (needed >= ttl) return yield* new TooLate({ needed })
        return yield* exit
      }),
    outlive: ({ to, ttl }) => until(to + ttl + rounding),
    remains: ({ from, to, ttl }, read, subject = "the key") =>
      Effect.gen(function* () {
        const began = yield* Clock.currentTimeMillis
        const answer = yield* Effect.catch(read, (error) =>
          isUnsupported(error) ? Effect.succeed(undefined) : Effect.fail(error)
        )
        // A store without this feature is judged by the end of the lifetime alone.
        if (answer === undefined) return
        const ended = yield* Clock.currentTimeMillis
        assert(
          TimeToLive.$is("Expires")(answer),
          `${subject} was given a time to live of ${ttl} ms, and its ttl is ${answer._tag} ${ended - to} ms later`
        )
        const remaining = Duration.toMillis(answer.remaining)
        const most = Math.min(ttl, ttl - (began - to) + rounding)
        const least = ttl - (ended - from) - rounding
        assert(
          Number.isInteger(remaining) && remaining <= most && remaining >= least,
          `${subject} was given a time to live of ${ttl} ms, and ${remaining} ms remain; allowed: whole milliseconds from ${least} to ${most}`
        )
      })
  }
}

/** The longest time to live that a law is tried with, in milliseconds. */
const longest = 30_000

/**
 * Checks a law with a short time to live, so that it ends soon on a quiet machine, and wherever the machine was too late
 * for it, again with three times as long a one as would have been enough.
 */
export const inTime = <E, R>(
  time: "TestClock" | "real",
  check: (time: Time) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | string, R> => {
  const passing = time === "real" ? realTime : testClock
  const attempt = (ttl: number): Effect.Effect<void, E | string, R> =>
    Effect.catchIf(
      check(makeTime(passing, ttl)),
      (error) => error instanceof TooLate,
      ({ needed }) =>
        ttl < longest
          ? attempt(Math.min(3 * needed, longest))
          : Effect.fail(`the machine is too slow to tell, even with a time to live of ${ttl} ms`)
    )
  return attempt(passing.shortest)
}
