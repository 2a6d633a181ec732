/**
 * Looks keys up, one or many, by the functions of the program.
 *
 * @internal
 */
import { Cause, type Duration, Effect, Exit, Option } from "effect"
import type { LookupContext, LookupMany } from "./CachedTypes.ts"

/** Converts between values and the successes of reads. */
export interface Answers<A, Answer> {
  readonly of: (value: A) => Answer
  readonly ofDecoded: (exit: Exit.Success<A, unknown>) => Exit.Success<Answer>
  readonly valueOf: (answer: Answer) => Option.Option<A>
  /** The exit of a lookup of a key that has no value. */
  readonly absent: Exit.Exit<Answer>
}

/** Every key has a value. */
export const plain: Answers<unknown, unknown> = {
  of: (value) => value,
  ofDecoded: (exit) => exit as Exit.Success<unknown>,
  valueOf: Option.some,
  absent: Exit.die(
    new Cause.NoSuchElementError("lookupMany left out a key; with a negativeTtl that would be an answer")
  )
}

/** A key may have no value. */
export const optional: Answers<unknown, Option.Option<unknown>> = {
  of: Option.some,
  ofDecoded: ({ value }) => Exit.succeed(Option.some(value)) as Exit.Success<Option.Option<unknown>>,
  valueOf: (answer) => answer,
  absent: Exit.succeed(Option.none())
}

/** Receives the exits of a lookup, and knows its readers. */
export interface LookupHandler<Key, A, Answer, E> {
  /** True if nobody waits, so that only its own timeout ends the lookup. */
  readonly isInBackground: boolean
  /** Takes the exit of a key; early while others are still looked up. */
  readonly onExit: (key: Key, exit: Exit.Exit<Answer, E>, isEarly: boolean) => void
  /** True if readers of this key want it looked up again alone where many keys failed together. */
  readonly isForItself: (key: Key) => boolean
  /** The value that the cache has of a key, made anew each time. */
  readonly previousOf: (key: Key) => Option.Option<A>
}

/** Looks up distinct keys. */
export type Lookup<Key, A, Answer, E, R> = (
  keys: ReadonlyArray<Key>,
  handler: LookupHandler<Key, A, Answer, E>
) => Effect.Effect<void, never, R>

interface LookupOptions<Key, A, Answer, E, R> {
  readonly lookup?: ((key: Key, context: LookupContext<A>) => Effect.Effect<Answer, E, R>) | undefined
  readonly lookupMany?: LookupMany<Key, A, E, R> | undefined
  readonly lookupTimeout?: Duration.Input | undefined
  readonly refreshTimeout?: Duration.Input | undefined
  readonly concurrency?: number | "unbounded" | undefined
}

/** Makes a lookup: together where there is a `lookupMany`, except of a single key where there is a `lookup`. */
export const make = <Key, A, Answer, E, R>(
  {
    concurrency = 16,
    lookup,
    lookupMany,
    lookupTimeout,
    refreshTimeout = lookupTimeout ?? longestRefresh
  }: LookupOptions<Key, A, Answer, E, R>,
  textOf: (key: Key) => string,
  answers: Answers<A, Answer>
): Lookup<Key, A, Answer, E, R> => {
  /** Only a `Cached` with a `lookupTimeout` has a timeout among its errors; that of a lookup in the background reaches nobody. */
  const exitOf = <B>(
    run: () => Effect.Effect<B, E, R>,
    isInBackground: boolean
  ): Effect.Effect<Exit.Exit<B, E>, never, R> => {
    const running = Effect.suspend(run)
    const timeout = isInBackground ? refreshTimeout : lookupTimeout
    if (timeout === undefined) return Effect.exit(running)
    return Effect.exit(Effect.timeout(running, timeout) as Effect.Effect<B, E, R>)
  }

  const exitOfMany = (keys: ReadonlyArray<Key>, { isInBackground, previousOf }: LookupHandler<Key, A, Answer, E>) => {
    const context = {
      get previous() {
        return new Map(keys.flatMap((key) => Option.toArray(previousOf(key)).map((value) => [key, value] as const)))
      }
    }
    return exitOf(
      () =>
        Effect.map(
          lookupMany?.(keys, context) ?? Effect.succeed([]),
          (found): ReadonlyMap<string, A> => new Map(Array.from(found, ([key, value]) => [textOf(key), value]))
        ),
      isInBackground
    )
  }

  const exitIn = (exit: Exit.Exit<ReadonlyMap<string, A>, E>, key: Key): Exit.Exit<Answer, E> => {
    if (Exit.isFailure(exit)) return Exit.failCause(exit.cause)
    const text = textOf(key)
    return exit.value.has(text) ? Exit.succeed(answers.of(exit.value.get(text) as A)) : answers.absent
  }

  const exitOfOne = (
    key: Key,
    handler: LookupHandler<Key, A, Answer, E>
  ): Effect.Effect<Exit.Exit<Answer, E>, never, R> => {
    if (lookup === undefined) return Effect.map(exitOfMany([key], handler), (exit) => exitIn(exit, key))
    const context = {
      get previous() {
        return handler.previousOf(key)
      }
    }
    return exitOf(() => lookup(key, context), handler.isInBackground)
  }

  const eachAlone: Lookup<Key, A, Answer, E, R> = (keys, handler) =>
    Effect.forEach(
      keys,
      (key) => Effect.map(exitOfOne(key, handler), (exit) => handler.onExit(key, exit, keys.length > 1)),
      { concurrency, discard: true }
    )

  const together: Lookup<Key, A, Answer, E, R> = (keys, handler) =>
    Effect.flatMap(exitOfMany(keys, handler), (exit) => {
      const again = Exit.isFailure(exit) && isOfOneKey(exit.cause) ? keys.filter(handler.isForItself) : []
      const alone = new Set(again)
      for (const key of keys) if (!alone.has(key)) handler.onExit(key, exitIn(exit, key), alone.size > 0)
      return alone.size === 0 ? Effect.void : eachAlone(again, handler)
    })

  return (keys, handler) => (lookupMany !== undefined && keys.length > 1 ? together : eachAlone)(keys, handler)
}

/** The default limit of a lookup in the background. */
const longestRefresh: Duration.Input = "1 minute"

/** True if keys that failed together may succeed alone: not after a timeout or an interruption. */
export const isOfOneKey = (cause: Cause.Cause<unknown>): boolean =>
  !Cause.hasInterrupts(cause) &&
  !cause.reasons.some((reason) => Cause.isFailReason(reason) && Cause.isTimeoutError(reason.error))
