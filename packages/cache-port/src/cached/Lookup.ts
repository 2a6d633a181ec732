/**
 * How keys are looked up, one or many.
 *
 * @internal
 */
import { Cause, type Duration, Effect, Exit, Option } from "effect"
import type { LookupMany } from "../Cached.ts"

/** How an answer stands for a value, or for none. */
export interface Answers<A, Answer> {
  readonly of: (value: A) => Answer
  readonly ofDecoded: (exit: Exit.Success<A, unknown>) => Exit.Success<Answer>
  readonly valueOf: (answer: Answer) => Option.Option<A>
  /** How the lookup of a key ends that has no value. */
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

/** Looks up distinct keys, and tells how each has ended; early while others are looked up still. */
export type Lookup<Key, Answer, E, R> = (
  keys: ReadonlyArray<Key>,
  tell: (key: Key, exit: Exit.Exit<Answer, E>, isEarly: boolean) => void
) => Effect.Effect<void, never, R>

interface Options<Key, A, Answer, E, R> {
  readonly lookup?: ((key: Key) => Effect.Effect<Answer, E, R>) | undefined
  readonly lookupMany?: LookupMany<Key, A, E, R> | undefined
  readonly lookupTimeout?: Duration.Input | undefined
  readonly concurrency?: number | "unbounded" | undefined
}

/** Together where there is a `lookupMany`, but for a single key where there is a `lookup`. */
export const make = <Key, A, Answer, E, R>(
  { concurrency = 16, lookup, lookupMany, lookupTimeout }: Options<Key, A, Answer, E, R>,
  textOf: (key: Key) => string,
  answers: Answers<A, Answer>
): Lookup<Key, Answer, E, R> => {
  /** How a lookup ends. Only a `Cached` with a timeout has its error among its own. */
  const exitOf = <B>(asked: () => Effect.Effect<B, E, R>): Effect.Effect<Exit.Exit<B, E>, never, R> => {
    const asking = Effect.suspend(asked)
    if (lookupTimeout === undefined) return Effect.exit(asking)
    return Effect.exit(Effect.timeout(asking, lookupTimeout) as Effect.Effect<B, E, R>)
  }

  const together: Lookup<Key, Answer, E, R> = (keys, tell) =>
    Effect.map(
      exitOf(() => Effect.map(lookupMany?.(keys) ?? Effect.succeed([]), (found) => valuesOf(found, textOf))),
      (exit) => {
        for (const key of keys) {
          const text = textOf(key)
          if (Exit.isFailure(exit)) tell(key, Exit.failCause(exit.cause), false)
          else
            tell(
              key,
              exit.value.has(text) ? Exit.succeed(answers.of(exit.value.get(text) as A)) : answers.absent,
              false
            )
        }
      }
    )

  const eachAlone: Lookup<Key, Answer, E, R> = (keys, tell) =>
    Effect.forEach(
      keys,
      (key) =>
        Effect.map(
          exitOf(() => lookup?.(key) as Effect.Effect<Answer, E, R>),
          (exit) => tell(key, exit, keys.length > 1)
        ),
      { concurrency, discard: true }
    )

  if (lookup === undefined) return together
  return (keys, tell) => (lookupMany !== undefined && keys.length > 1 ? together : eachAlone)(keys, tell)
}

const valuesOf = <Key, A>(
  found: Iterable<readonly [key: Key, value: A]>,
  textOf: (key: Key) => string
): ReadonlyMap<string, A> => new Map(Array.from(found, ([key, value]) => [textOf(key), value]))
