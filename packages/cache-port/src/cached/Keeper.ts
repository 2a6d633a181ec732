/**
 * Values to entries, and back.
 *
 * @internal
 */
import { Clock, Effect, Exit, type Fiber, Option, Random } from "effect"
import { RareLog } from "../FailureNote.ts"
import type { Entry, NewEntry } from "./Envelope.ts"
import { type Freshness, judge, lifeOf } from "./Freshness.ts"
import type { Policy } from "./Policy.ts"
import type { Finding, Ground, Storage } from "./Storage.ts"

/** An entry that is about to be kept, but for what only the cache can say. */
export interface Draft extends Omit<NewEntry, "all" | "own" | "tags"> {
  readonly text: string
  readonly tags: ReadonlyArray<string>
}

/** What was looked up, and is to be kept, or removed where there is no draft. */
export interface Loaded {
  readonly text: string
  readonly ground: Ground
  readonly draft: Draft | undefined
  readonly isOutdated: () => boolean
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
  readonly #log = new RareLog()
  /** Why a value cannot be kept, of which nothing was logged yet. */
  #refusal: string | undefined

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  constructor(policy: Policy<Key, A, Answer, any, any>, storage: Storage) {
    this.#policy = policy
    this.#storage = storage
  }

  freshness(entry: Entry, fiber: Fiber.Fiber<unknown, unknown>): Freshness {
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    return judge(entry, now, this.#policy.beta, () => fiber.getRef(Random.Random).nextDoubleUnsafe())
  }

  /** What an entry answers; undefined when its schema does not read it. */
  answerOf({ json }: Pick<Entry, "json">): Exit.Success<Answer> | undefined {
    const { answers, form } = this.#policy
    if (json === undefined) return Exit.isSuccess(answers.absent) ? answers.absent : undefined
    const exit = form().decode(json.value)
    return Exit.isSuccess(exit) ? answers.ofDecoded(exit) : undefined
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
    const { answers, generationTtl, jitter, negativeTtl, staleFor, tags, ttl } = this.#policy
    const value = answers.valueOf(answer)
    const end = began + generationTtl
    try {
      const fresh = Option.isSome(value) ? ttl(value.value, key) : negativeTtl
      const life = lifeOf(now, fresh, jitter, Option.isSome(value) ? staleFor : 0, end, random)
      if (fresh === 0 || life.freshUntil <= now) return undefined
      const took = now - began
      if (Option.isNone(value)) return { text, ...life, took, json: undefined, tags: [] }
      return json === undefined ? undefined : { text, ...life, took, json, tags: tags?.(value.value, key) ?? [] }
    } catch {
      this.#refusal = "its ttl or its tags threw"
      return undefined
    }
  }

  /** Keeps what was looked up, under the generation of all entries that was read before. */
  readonly keep = Effect.fnUntraced(function* (
    this: Keeper<Key, A, Answer>,
    loaded: ReadonlyArray<Loaded>,
    all: string
  ) {
    yield* this.#logRefusal
    const current = loaded.filter(({ isOutdated }) => !isOutdated())
    const drafts = current.flatMap(({ draft, ground }) => (draft === undefined ? [] : { draft, own: ground.own }))
    const [ground] = current.map(({ ground }) => ground)
    yield* this.#write(drafts, all, (tags) => this.#storage.tagsSince(tags, ground))
    // What is not to be kept takes the place of what was.
    const removed = current.filter(({ draft, ground }) => draft === undefined && ground.text !== undefined)
    if (removed.length > 0) yield* this.#storage.remove(removed.map(({ text }) => text))
  })

  /** Keeps a value that is known to be the current one. Where that fails, what was kept is forgotten, or owed. */
  readonly put = Effect.fnUntraced(function* (this: Keeper<Key, A, Answer>, key: Key, text: string, value: A) {
    const storage = this.#storage
    const now = yield* Clock.currentTimeMillis
    const random = yield* Random.Random
    const moment = { began: now, now, random: () => random.nextDoubleUnsafe() }
    const answer = this.#policy.answers.of(value)
    const draft = this.draft(key, text, answer, this.write(answer), moment)
    yield* this.#logRefusal
    // First of all, so that no write that is late brings back a value: an entry counts only under its own generation.
    const own = yield* storage.renew(text)
    const all = own === undefined ? undefined : yield* storage.generation
    if (own === undefined || all === undefined || draft === undefined || storage.owed.hasKey(text)) return
    yield* this.#write([{ draft, own }], all, (tags) => storage.tagIds(tags))
  })

  readonly #logRefusal: Effect.Effect<void> = Effect.suspend(() => {
    const refusal = this.#refusal
    if (refusal === undefined) return Effect.void
    this.#refusal = undefined
    return this.#log.take((suppressed) =>
      Effect.logWarning(`A value is not kept: ${refusal}`).pipe(
        Effect.annotateLogs({ namespace: this.#policy.namespace, suppressed })
      )
    )
  })

  /** Writes drafts, but for those whose tags have no generation to go by. */
  readonly #write = Effect.fnUntraced(function* (
    this: Keeper<Key, A, Answer>,
    drafts: ReadonlyArray<{ readonly draft: Draft; readonly own: string }>,
    all: string,
    readTags: (tags: ReadonlySet<string>) => Effect.Effect<ReadonlyMap<string, string> | undefined>
  ) {
    const named = new Set(drafts.flatMap(({ draft }) => draft.tags))
    const ids = named.size === 0 ? undefined : yield* readTags(named)
    const entries: Array<readonly [text: string, entry: NewEntry]> = []
    for (const { draft, own } of drafts) {
      const { freshUntil, json, servedUntil, text, took } = draft
      const tags = draft.tags.flatMap((tag) => {
        const id = ids?.get(tag)
        return id === undefined ? [] : [[tag, id] as const]
      })
      if (tags.length === draft.tags.length)
        entries.push([text, { freshUntil, servedUntil, took, all, own, tags, json }])
    }
    const now = yield* Clock.currentTimeMillis
    const live = entries.filter(([, { servedUntil }]) => servedUntil > now)
    if (live.length > 0) yield* this.#storage.write(live, now)
  })
}
