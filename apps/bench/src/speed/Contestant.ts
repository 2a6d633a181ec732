import type { Effect } from "effect"
import type { Person } from "./people.ts"

/** One way to ask a cache for something, and what its answer says. */
export interface Operation<Args extends ReadonlyArray<unknown>, A> {
  /** Returns a promise, an effect or the result itself, as the contestant's loops expect it. */
  readonly ask: (...args: Args) => unknown
  /** The value in the result. Apart from `ask`, so that no contestant pays for a further promise or effect. */
  readonly read: (answer: unknown) => A
}

/** A value that is stored as JSON. */
export interface Document {
  readonly id: number
  readonly name: string
  readonly tags: ReadonlyArray<string>
  readonly address: { readonly street: string; readonly city: string }
  readonly text: string
}

/** The operations that are compared. Times to live are in milliseconds. */
export interface Operations {
  readonly get: Operation<[key: string], string | null | undefined>
  readonly set: Operation<[key: string, value: string, ttl: number], unknown>
  /** As `get` and `set`, of a cache that never holds more than its bound. */
  readonly getBounded: Operation<[key: string], string | null | undefined>
  readonly setBounded: Operation<[key: string, value: string, ttl: number], unknown>
  readonly getJson: Operation<[key: string], Document | null | undefined>
  readonly setJson: Operation<[key: string, value: Document, ttl: number], unknown>
  readonly increment: Operation<[key: string], number>
  /** Reads as a function that finds a value by its key or its place among the keys. */
  readonly getMany: Operation<[keys: Array<string>], (key: string, place: number) => string | null | undefined>
  readonly setMany: Operation<[entries: ReadonlyArray<readonly [key: string, value: string]>, ttl: number], unknown>
  /** Reads from the cache, or looks up and keeps. */
  readonly getOrLookUp: Operation<[key: string], Person | undefined>
  /** Removes the keys that begin so; a cache without patterns removes all of its own. */
  readonly deletePrefix: Operation<[prefix: string], unknown>
}

type AnswerOf<R> = R extends Effect.Effect<infer A, infer _E, infer _R> ? A : Awaited<R>

/** An operation whose answer says what it is. */
export const operation = <Args extends ReadonlyArray<unknown>, R>(
  ask: (...args: Args) => R
): Operation<Args, AnswerOf<R>> => ({ ask, read: (answer) => answer as AnswerOf<R> })

/** An operation whose answer is read by `read`. */
export const reading = <Args extends ReadonlyArray<unknown>, R, A>(
  ask: (...args: Args) => R,
  read: (answer: AnswerOf<R>) => A
): Operation<Args, A> => ({ ask, read: read as (answer: unknown) => A })

/** The turns that the loops of a contestant take. */
export interface Turns {
  /** True if there is a next turn. */
  goesOn(): boolean
  /** Takes the next turn. Returns its number. */
  take(): number
  ask(turn: number): unknown
  /** Throws where the answer is wrong. */
  check(turn: number, answer: unknown): void
}

/** Takes turns in so many loops side by side, each of which waits for the answer to one before it takes the next. */
export type Loops = (turns: Turns, inFlight: number) => Promise<void>

/** An open cache, as its users write it. */
export interface Contestant {
  /** Those that the library has; for what it lacks it is left out of the comparison. */
  readonly operations: Partial<Operations>
  readonly loops: Loops
  readonly close: () => Promise<unknown>
}

/** Where a contestant keeps what, as far as that concerns it. */
export interface Place {
  readonly url: string
  /** In front of all of its keys: a bare client has no namespace of its own. */
  readonly prefix: string
  /** The most entries of a cache in memory. */
  readonly maxEntries: number
  /** Keys in all, where entrants differ by that. */
  readonly keys?: number
}

/** Opens a contestant, empty. */
export type Open = (place: Place) => Promise<Contestant>
