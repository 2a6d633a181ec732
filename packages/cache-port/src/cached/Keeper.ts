/**
 * Values to entries, and back.
 *
 * @internal
 */
import { Clock, Effect, Exit, type Fiber, Option, Random } from "effect"
import { RareLog } from "../FailureNote.ts"
import type { Entry, Generations } from "./Envelope.ts"
import { type Freshness, judge, lifeOf } from "./Freshness.ts"
import type { Policy } from "./Policy.ts"
import type { Finding, Ground, Storage } from "./Storage.ts"

/** What was looked up. */
export interface Loaded<Key, Answer> {
  readonly key: Key
  readonly text: string
  readonly ground: Ground
  readonly answer: Answer
  /** Milliseconds. */
  readonly took: number
  readonly isOutdated: () => boolean
}

/** An entry but for its tags' generations. */
interface Draft {
  readonly text: string
  readonly entry: Entry
  readonly tags: ReadonlyArray<string>
}

/** When an entry is made. */
interface Moment {
  readonly now: number
  /** After which it is not served, however long its life. */
  readonly end: number
  readonly random: () => number
}

export class Keeper<Key, A, Answer> {
  // biome-ignore lint/suspicious/noExplicitAny: the types of lookups are of no matter here.
  readonly #policy: Policy<Key, A, Answer, any, any>
  readonly #storage: Storage
  readonly #log = new RareLog()

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
  answerOf({ json }: Entry): Exit.Success<Answer> | undefined {
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

  /** Keeps what was looked up from `began` on, under the generation of all entries that was read before. */
  readonly keep = Effect.fnUntraced(function* (
    this: Keeper<Key, A, Answer>,
    loaded: ReadonlyArray<Loaded<Key, Answer>>,
    all: string,
    began: number
  ) {
    const moment = yield* this.#moment(began)
    const current = loaded.filter(({ isOutdated }) => !isOutdated())
    const drafts = new Map<Loaded<Key, Answer>, Draft>()
    for (const each of current) {
      const draft = yield* this.#draft(each, { all, own: each.ground.own }, moment)
      if (draft !== undefined) drafts.set(each, draft)
    }
    const [ground] = current.map(({ ground }) => ground)
    const entries = yield* this.#withTags(Array.from(drafts.values()), (tags) => this.#storage.tagsSince(tags, ground))
    if (entries.length > 0) yield* this.#storage.write(entries, moment.now)
    // What is not to be kept takes the place of what was.
    const removed = current.filter((each) => !drafts.has(each) && each.ground.text !== undefined)
    if (removed.length > 0) yield* this.#storage.remove(removed.map(({ text }) => text))
  })

  /** Keeps a value that is known to be the current one. Where that fails, what was kept is forgotten, or owed. */
  readonly put = Effect.fnUntraced(function* (this: Keeper<Key, A, Answer>, key: Key, text: string, value: A) {
    const storage = this.#storage
    const moment = yield* this.#moment(yield* Clock.currentTimeMillis)
    // First of all, so that no write that is late brings back a value: an entry counts only under its own generation.
    const own = yield* storage.renew(text)
    const all = own === undefined ? undefined : yield* storage.generation
    if (own === undefined || all === undefined || storage.owed.hasKey(text)) return
    const answer = this.#policy.answers.of(value)
    const draft = yield* this.#draft({ key, text, answer, took: 0 }, { all, own }, moment)
    const entries = yield* this.#withTags(draft === undefined ? [] : [draft], (tags) => storage.tagIds(tags))
    if (entries.length > 0) yield* storage.write(entries, moment.now)
  })

  #moment(began: number): Effect.Effect<Moment> {
    return Effect.withFiber((fiber) => {
      const random = fiber.getRef(Random.Random)
      return Effect.succeed({
        now: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(),
        end: began + this.#policy.generationTtl,
        random: () => random.nextDoubleUnsafe()
      })
    })
  }

  /** Undefined for what is not to be kept, and for what cannot be, which is logged without a word of the value. */
  #draft(
    { answer, key, text, took }: Pick<Loaded<Key, Answer>, "answer" | "key" | "text" | "took">,
    generations: Generations,
    { end, now, random }: Moment
  ): Effect.Effect<Draft | undefined> {
    const { answers, form, jitter, negativeTtl, staleFor, tags, ttl } = this.#policy
    return Effect.suspend(() => {
      try {
        const value = answers.valueOf(answer)
        const isSome = Option.isSome(value)
        const fresh = isSome ? ttl(value.value, key) : negativeTtl
        const life = lifeOf(now, fresh, jitter, isSome ? staleFor : 0, end, random)
        if (fresh === 0 || life.servedUntil <= now) return Effect.undefined
        const json = isSome ? { value: form().encode(value.value) } : undefined
        const entry = { ...generations, ...life, took, json, tags: [] }
        return Effect.succeed({ text, entry, tags: isSome ? (tags?.(value.value, key) ?? []) : [] })
      } catch {
        return Effect.as(this.#logUnkept, undefined)
      }
    })
  }

  readonly #logUnkept: Effect.Effect<void> = Effect.suspend(() =>
    this.#log.take((suppressed) =>
      Effect.logWarning("A value is not kept: its schema refuses it, or its ttl or tags threw").pipe(
        Effect.annotateLogs({ namespace: this.#policy.namespace, suppressed })
      )
    )
  )

  /** Without those whose tags have no generation to go by. */
  #withTags(
    drafts: ReadonlyArray<Draft>,
    read: (tags: ReadonlySet<string>) => Effect.Effect<ReadonlyMap<string, string> | undefined>
  ): Effect.Effect<ReadonlyArray<readonly [text: string, entry: Entry]>> {
    const all = new Set(drafts.flatMap(({ tags }) => tags))
    const ids = all.size === 0 ? Effect.succeed(new Map<string, string>()) : read(all)
    return Effect.map(ids, (ids) =>
      drafts.flatMap(({ entry, tags, text }) => {
        const known = tags.flatMap((tag) => {
          const id = ids?.get(tag)
          return id === undefined ? [] : [[tag, id] as const]
        })
        return known.length < tags.length ? [] : [[text, { ...entry, tags: known }] as const]
      })
    )
  }
}
