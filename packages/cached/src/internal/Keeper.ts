/**
 * Values to entries, and back.
 *
 * @internal
 */

import { RateLimitedLog } from "@hexcache/cache-port/internal"
import { Clock, Effect, Exit, type Fiber, Option, Random } from "effect"
import * as Envelope from "./Envelope.ts"
import type { Purpose } from "./Flight.ts"
import { type Freshness, judge, lifeOf } from "./Freshness.ts"
import type { Policy } from "./Policy.ts"
import type { Finding, Ground, Standing, Storage, Unsigned } from "./Storage.ts"

/** An entry that is about to be kept, but for the generations that only the cache knows. */
export type Draft = Omit<Unsigned, "standing">

/** What was looked up, and takes the place of what was kept: itself, where there are a standing and a draft. */
export interface Loaded {
  readonly text: string
  readonly ground: Ground | undefined
  readonly standing: Standing | undefined
  readonly draft: Draft | undefined
  readonly flight: { readonly purpose: Purpose; readonly isOutdated: boolean; readonly isSuperseded: boolean }
  /** Gives the value to those who wait for it. */
  readonly answer: () => void
}

/** When a value came, and from when on it was looked up, in milliseconds. */
interface Moment {
  readonly began: number
  readonly now: number
  readonly random: () => number
}

export class Keeper<Key, A, Answer> {
  // biome-ignore lint/suspicious/noExplicitAny: the types of lookups are of no matter here.
  readonly #policy: Policy<Key, A, Answer, any, any>
  readonly #storage: Storage
  readonly #log = new RateLimitedLog()
  /** Why a value cannot be kept, of which nothing was logged yet. */
  #refusal: string | undefined

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  constructor(policy: Policy<Key, A, Answer, any, any>, storage: Storage) {
    this.#policy = policy
    this.#storage = storage
  }

  freshness(entry: Envelope.Entry, fiber: Fiber.Fiber<unknown, unknown>): Freshness {
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    return judge(entry, now, this.#policy.beta, () => fiber.getRef(Random.Random).nextDoubleUnsafe())
  }

  /** What an entry answers; undefined when its schema does not read it. */
  answerOf({ json }: Pick<Envelope.Entry, "json">): Exit.Success<Answer> | undefined {
    const { answers, form } = this.#policy
    if (json === undefined) return Exit.isSuccess(answers.absent) ? answers.absent : undefined
    const exit = form().decode(json.value)
    return Exit.isSuccess(exit) ? answers.ofDecoded(exit) : undefined
  }

  /** The value of an entry's text, made anew. None where it has none, and where its schema does not read it. */
  valueIn(text: string): Option.Option<A> {
    const { answers, codec } = this.#policy
    const entry = Envelope.decode(text, codec)
    const answer = entry && this.answerOf(entry)
    return answer === undefined ? Option.none() : answers.valueOf(answer.value)
  }

  /** The answer of a fresh entry that was not there before. */
  newerThan(before: Ground, { entry, ground }: Finding, now: number): Exit.Success<Answer> | undefined {
    return entry !== undefined && ground.text !== before.text && now < entry.freshUntil
      ? this.answerOf(entry)
      : undefined
  }

  /** The answer whose value has this JSON; undefined where its schema does not read it. */
  read(json: string): Exit.Success<Answer> | undefined {
    return this.answerOf({ json: { value: JSON.parse(json) } })
  }

  /**
   * The JSON of an answer's value. Undefined where it has none, and where it cannot be written so that it would be read as
   * the same: that is logged, without a word of the value.
   */
  write(answer: Answer): string | undefined {
    const value = this.#policy.answers.valueOf(answer)
    if (Option.isNone(value)) return undefined
    const { decode, encode, isSame } = this.#policy.form()
    try {
      // As it is written, a reader may change it from then on.
      const json = JSON.stringify(encode(value.value))
      const read = decode(JSON.parse(json))
      if (Exit.isSuccess(read) && isSame(read.value, value.value)) return json
      this.#refusal = "its JSON would be read as another value"
    } catch {
      this.#refusal = "its schema refuses it"
    }
    return undefined
  }

  /**
   * The entry of an answer, with the JSON that `write` made of it. Undefined for what is not to be kept, and for what cannot
   * be: that is logged, without a word of the value.
   */
  draft(
    key: Key,
    text: string,
    answer: Answer,
    json: string | undefined,
    { began, now, random }: Moment
  ): Draft | undefined {
    const { answers, jitter, negativeTtl, staleFor, tags, ttl } = this.#policy
    const value = answers.valueOf(answer)
    try {
      const fresh = Option.isSome(value) ? ttl(value.value, key) : negativeTtl
      const life = lifeOf(now, fresh, jitter, Option.isSome(value) ? staleFor : 0, random)
      if (life.freshUntil <= now) return undefined
      const took = now - began
      if (Option.isNone(value)) return { text, ...life, took, json: undefined, tags: [] }
      return json === undefined ? undefined : { text, ...life, took, json, tags: tags?.(value.value, key) ?? [] }
    } catch {
      this.#refusal = "its ttl or its tags threw"
      return undefined
    }
  }

  /** Keeps what was looked up, each under the generations that its lookup began under. */
  readonly keep = Effect.fnUntraced(function* (this: Keeper<Key, A, Answer>, loaded: ReadonlyArray<Loaded>) {
    yield* this.#logRefusal
    const current = loaded.filter(({ flight }) => !flight.isOutdated && !flight.isSuperseded)
    const { failed, written } = yield* this.#storage.keep(
      current.flatMap(({ draft, standing }) =>
        draft === undefined || standing === undefined ? [] : { ...draft, standing }
      )
    )
    // Nobody who was given a newer value is to find the older one again: after a refresh also where something else was
    // invalidated meanwhile.
    const rest = loaded.filter(({ flight, text }) => !written.has(text) && !flight.isSuperseded)
    yield* this.#storage.forget(textsOf(rest.filter(({ flight }) => flight.purpose === "Refresh")))
    const removed = rest.filter(
      ({ draft, flight, ground, text }) =>
        flight.purpose !== "Refresh" &&
        !flight.isOutdated &&
        ground?.text !== undefined &&
        (draft === undefined || failed.has(text))
    )
    if (removed.length > 0) yield* this.#storage.remove(textsOf(removed))
  })

  /** Keeps values that are known to be the current ones. Where that fails, what was kept is forgotten, or owed. */
  readonly put = Effect.fnUntraced(function* (
    this: Keeper<Key, A, Answer>,
    values: ReadonlyArray<readonly [key: Key, text: string, value: A]>,
    isOutdated: () => boolean
  ) {
    const now = yield* Clock.currentTimeMillis
    const random = yield* Random.Random
    const moment = { began: now, now, random: () => random.nextDoubleUnsafe() }
    const drafts = values.flatMap(([key, text, value]) => {
      const answer = this.#policy.answers.of(value)
      return this.draft(key, text, answer, this.write(answer), moment) ?? []
    })
    yield* this.#logRefusal
    const kept = drafts.length === 0 ? noTexts : yield* this.#storage.replace(drafts, isOutdated)
    yield* this.#storage.forget(values.flatMap(([, text]) => (kept.has(text) ? [] : text)))
  })

  readonly #logRefusal: Effect.Effect<void> = Effect.suspend(() => {
    const refusal = this.#refusal
    if (refusal === undefined) return Effect.void
    this.#refusal = undefined
    return this.#log.write((suppressed) =>
      Effect.logWarning(`A value is not kept: ${refusal}`).pipe(
        Effect.annotateLogs({ namespace: this.#policy.namespace, suppressed })
      )
    )
  })
}

const noTexts: ReadonlySet<string> = new Set()

const textsOf = (loaded: ReadonlyArray<Loaded>): ReadonlyArray<string> => loaded.map(({ text }) => text)
