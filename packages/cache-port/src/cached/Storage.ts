/**
 * What a `Cached` asks of its cache. A failure of the cache is noted and never one here.
 *
 * Invalidation is by generations: random ids, one of all entries, one of each key that was invalidated of late, one of each
 * tag. An entry names those that its lookup began under, and is valid only while the store holds the same:
 *
 * - To invalidate is to write another id, whatever the number of entries. A lookup that began before it, in any process,
 *   may still write its value, even late: nobody reads it.
 * - A generation that the store has lost invalidates what was loaded under it. The one exception is that of a key, whose
 *   absence is the usual case: it is kept for as long as anything that it outdates could be served, and the entry is
 *   emptied with it. What remains is a store that evicts it within the time of one lookup that began before it.
 * - The tags of a value are known only once it was looked up. So every invalidation of a tag changes `Names.tags` first, and
 *   a value with tags is kept only if that has not changed since its lookup began.
 *
 * @internal
 */
import { Effect, type Fiber, Option } from "effect"
import type { ReadNow } from "../Asking.ts"
import { Later } from "../CacheDriver.ts"
import { CacheError } from "../CacheError.ts"
import type { CachePort } from "../CachePort.ts"
import type { Codec } from "../Codec.ts"
import { strictOf } from "../FailOpen.ts"
import { FailureNote } from "../FailureNote.ts"
import { readNowOf } from "../Port.ts"
import { type Observer, observerOf } from "../telemetry/Observer.ts"
import { type Counters, countersOf } from "./Counters.ts"
import * as Envelope from "./Envelope.ts"
import type { Names } from "./Keys.ts"
import { Owed } from "./Owed.ts"
import type { Policy } from "./Policy.ts"

type Service = CachePort["Service"]

/** What the store held of a key. */
export interface Finding {
  /** The entry, if its generations are those of now. */
  readonly entry: Envelope.Entry | undefined
  readonly ground: Ground
}

/** What a lookup begins under. */
export interface Ground {
  /** The text of the entry, whatever it is. */
  readonly text: string | undefined
  /** Undefined while there is no generation. */
  readonly all: string | undefined
  readonly own: string
  /** The id of the last invalidation of any tag; empty for none. */
  readonly tags: string
}

/** Of the entry, of its key's generation, of that of all entries, and the id of the last invalidation of any tag. */
type Texts = ReadonlyArray<string | undefined>
type Values = ReadonlyMap<string, Option.Option<string>>
type Tags = ReadonlyMap<string, string>

export class Storage {
  readonly owed = new Owed()
  readonly counters: Counters
  readonly observer: Observer | undefined
  readonly #cache: Service
  readonly #note: FailureNote
  readonly #readNow: ReadNow | undefined
  readonly #names: Names
  /** The names that are read with those of every key. */
  readonly #common: ReadonlyArray<string>
  readonly #generationTtl: number
  readonly #codec: Codec | undefined
  #isSettling = false

  // biome-ignore lint/suspicious/noExplicitAny: the types of values are of no matter here.
  constructor(policy: Policy<any, any, any, any, any>, cache: Service) {
    const below = strictOf(cache)
    this.#cache = below?.strict ?? cache
    this.#note = below?.note ?? new FailureNote()
    this.#readNow = readNowOf(this.#cache)
    this.#names = policy.form().names
    this.#common = policy.tags === undefined ? [this.#names.all] : [this.#names.all, this.#names.tags]
    this.#generationTtl = policy.generationTtl
    this.#codec = policy.codec
    this.counters = countersOf(policy.namespace)
    this.observer = observerOf(this.#cache, policy.namespace, this.counters.live)
  }

  /** None where the cache failed. */
  attempt<A>(asked: (cache: Service) => Effect.Effect<A, CacheError>): Effect.Effect<Option.Option<A>> {
    return Effect.matchEffect(asked(this.#cache), {
      onFailure: (error) => Effect.as(this.#failed(error), Option.none()),
      onSuccess: Effect.succeedSome
    })
  }

  /** Whether it was done. */
  #done(asked: (cache: Service) => Effect.Effect<unknown, CacheError>): Effect.Effect<boolean> {
    return Effect.map(this.attempt(asked), Option.isSome)
  }

  #failed(error: CacheError): Effect.Effect<void> {
    this.counters.error()
    return this.#note.take(error)
  }

  /** What the store holds of one key, at once if it can say so; `undefined` where it failed. */
  find<A, E, R>(
    text: string,
    fiber: Fiber.Fiber<unknown, unknown>,
    use: (finding: Finding | undefined) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    const names = [...this.#namesOf(text), ...this.#common]
    const failed = (error: CacheError) =>
      Effect.andThen(
        this.#failed(error),
        Effect.suspend(() => use(undefined))
      )
    const found = (texts: Texts) => {
      const finding = findingOf(texts, this.#codec)
      if (finding.entry === undefined || finding.entry.tags.length === 0) return use(finding)
      return Effect.flatMap(this.#withoutInvalidTags([finding]), (findings) => use(findings?.[0]))
    }

    const answer = this.#readNow === undefined ? Later : this.#readNow(names, fiber)
    if (answer === Later) {
      return Effect.matchEffect(this.#cache.getMany(names), {
        onFailure: failed,
        onSuccess: (values) => found(textsIn(values, names))
      })
    }
    return answer instanceof CacheError ? failed(answer) : found(answer)
  }

  /** As `find`, for many keys at once, in their order. */
  findMany(texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Finding> | undefined> {
    if (texts.length === 0) return Effect.succeed([])
    const names = texts.map((text) => this.#namesOf(text))
    return Effect.flatMap(
      this.attempt((cache) => cache.getMany([...names.flat(), ...this.#common])),
      (values) =>
        Option.isNone(values)
          ? Effect.undefined
          : this.#withoutInvalidTags(
              names.map((names) => findingOf(textsIn(values.value, [...names, ...this.#common]), this.#codec))
            )
    )
  }

  #namesOf(text: string): readonly [entry: string, own: string] {
    return [this.#names.entry(text), this.#names.own(text)]
  }

  /** In one more read, if there are tags at all. Undefined where it failed. */
  #withoutInvalidTags(findings: ReadonlyArray<Finding>): Effect.Effect<ReadonlyArray<Finding> | undefined> {
    const tags = new Set(findings.flatMap(({ entry }) => entry?.tags.map(([tag]) => tag) ?? []))
    if (tags.size === 0) return Effect.succeed(findings)
    return Effect.map(this.#readTags(tags), (current) => {
      if (current === undefined) return undefined
      const isValid = ([tag, id]: readonly [string, string]) => !this.owed.hasTag(tag) && current.get(tag) === id
      return findings.map(({ entry, ground }) => ({ ground, entry: entry?.tags.every(isValid) ? entry : undefined }))
    })
  }

  /** The ids of the tags that have one. */
  #readTags(tags: ReadonlySet<string>): Effect.Effect<Tags | undefined> {
    return Effect.map(
      this.attempt((cache) => cache.getMany(Array.from(tags, (tag) => this.#names.tag(tag)))),
      (values) => {
        if (Option.isNone(values)) return undefined
        const found = new Map<string, string>()
        for (const tag of tags) {
          const id = textIn(values.value, this.#names.tag(tag))
          if (id !== undefined) found.set(tag, id)
        }
        return found
      }
    )
  }

  /**
   * Makes a generation of all entries, after it was found absent. Answers one that was made so, here or elsewhere: as long
   * as it stands, nothing was invalidated since it was found absent. Undefined for any other, and where the cache failed.
   */
  readonly makeGeneration: Effect.Effect<string | undefined> = Effect.suspend(() => {
    const id = `${made}${newId()}`
    return Effect.flatMap(
      this.attempt((cache) => cache.setIfAbsent(this.#names.all, id)),
      (isMade) => {
        if (Option.isNone(isMade)) return Effect.undefined
        if (isMade.value) return Effect.succeed(id)
        return Effect.map(
          this.attempt((cache) => cache.get(this.#names.all)),
          (id) => Option.getOrUndefined(Option.filter(Option.flatten(id), (id) => id.startsWith(made)))
        )
      }
    )
  })

  /** The generation of all entries, made where there is none. Undefined where the cache failed. */
  readonly generation: Effect.Effect<string | undefined> = Effect.suspend(() =>
    Effect.flatMap(
      this.attempt((cache) => cache.get(this.#names.all)),
      (id) => {
        if (Option.isNone(id)) return Effect.undefined
        return Option.isSome(id.value) ? Effect.succeed(id.value.value) : this.makeGeneration
      }
    )
  )

  /**
   * The ids of tags, made where there is none. Undefined where the cache failed, and where any tag was invalidated since
   * `ground` was read: read last, so that who sees a new id sees that as well.
   */
  readonly tagsSince = Effect.fnUntraced(function* (
    this: Storage,
    tags: ReadonlySet<string>,
    ground: Ground | undefined
  ) {
    const ids = yield* this.tagIds(tags)
    if (ids === undefined || ground === undefined) return ids
    const last = yield* this.attempt((cache) => cache.get(this.#names.tags))
    const isSame = Option.isSome(last) && Option.getOrElse(last.value, () => "") === ground.tags
    return isSame ? ids : undefined
  })

  /** The ids of tags, made where there is none. */
  readonly tagIds = Effect.fnUntraced(function* (this: Storage, tags: ReadonlySet<string>) {
    const ids = yield* this.#readTags(tags)
    if (ids === undefined || ids.size === tags.size) return ids
    for (const tag of tags) {
      if (ids.has(tag)) continue
      const isMade = yield* this.#done((cache) => cache.setIfAbsent(this.#names.tag(tag), newId(), this.#tagLife))
      if (!isMade) return undefined
    }
    return yield* this.#readTags(tags)
  })

  get #tagLife() {
    return { ttl: Math.max(4 * this.#generationTtl, leastTagTtl) }
  }

  /** Writes entries, each with what is left of its life at `now`. */
  write(
    entries: ReadonlyArray<readonly [text: string, entry: Envelope.NewEntry]>,
    now: number
  ): Effect.Effect<boolean> {
    const written = entries.map(
      ([text, entry]) => [this.#names.entry(text), Envelope.encode(entry, this.#codec)] as const
    )
    const ttl = entries.reduce((longest, [, { servedUntil }]) => Math.max(longest, servedUntil - now), 0)
    const [first] = written
    if (first === undefined) return Effect.succeed(true)
    return this.#done((cache) =>
      written.length === 1 ? cache.set(...first, { ttl }) : cache.setMany(written, { ttl })
    )
  }

  remove(texts: ReadonlyArray<string>): Effect.Effect<boolean> {
    return this.#done((cache) => cache.deleteMany(texts.map((text) => this.#names.entry(text))))
  }

  /** Gives a key a generation of its own. Undefined where the cache failed; then it is owed. */
  renew(text: string): Effect.Effect<string | undefined> {
    const id = newId()
    return Effect.map(
      this.#done((cache) => cache.set(this.#names.own(text), id, { ttl: this.#generationTtl })),
      (isDone) => {
        if (isDone) return id
        this.counters.live.owed++
        this.owed.addKey(text)
        return undefined
      }
    )
  }

  invalidate(text: string): Effect.Effect<void> {
    return this.#orOwed(this.#forget([text]), () => this.owed.addKey(text))
  }

  readonly invalidateAll: Effect.Effect<void> = Effect.suspend(() =>
    this.#orOwed(this.#forgetAll(), () => this.owed.addAll())
  )

  invalidateTag(tag: string): Effect.Effect<void> {
    return this.#orOwed(this.#forgetTags([tag]), () => this.owed.addTag(tag))
  }

  #orOwed(done: Effect.Effect<boolean>, owe: () => void): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.map(done, (isDone) => {
        this.counters.live.invalidations++
        if (isDone) return
        this.counters.live.owed++
        owe()
      })
    )
  }

  #forget(texts: ReadonlyArray<string>): Effect.Effect<boolean> {
    const entries = texts.flatMap(
      (text) =>
        [
          [this.#names.own(text), newId()],
          [this.#names.entry(text), ""]
        ] as const
    )
    return this.#done((cache) => cache.setMany(entries, { ttl: this.#generationTtl }))
  }

  /** Without a time to live: once it were over, every entry would be a miss at the same time. */
  #forgetAll(): Effect.Effect<boolean> {
    return this.#done((cache) => cache.set(this.#names.all, newId()))
  }

  #forgetTags(tags: ReadonlyArray<string>): Effect.Effect<boolean> {
    const ids = tags.map((tag) => [this.#names.tag(tag), newId()] as const)
    return this.#done((cache) =>
      Effect.andThen(cache.set(this.#names.tags, newId(), { ttl: leastTagTtl }), cache.setMany(ids, this.#tagLife))
    )
  }

  /** Tries again to carry out what is owed; once at a time. */
  readonly settle: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#isSettling) return Effect.void
    this.#isSettling = true
    return Effect.ensuring(
      this.#pay(),
      Effect.sync(() => {
        this.#isSettling = false
      })
    )
  })

  readonly #pay = Effect.fnUntraced(function* (this: Storage) {
    const { all, keys, tags } = this.owed.debt
    const nothing = { all: undefined, keys: new Map(), tags: new Map() }
    if (all !== undefined && (yield* this.#forgetAll())) this.owed.pay({ ...nothing, all })
    if (keys.size > 0 && (yield* this.#forget([...keys.keys()]))) this.owed.pay({ ...nothing, keys })
    if (tags.size > 0 && (yield* this.#forgetTags([...tags.keys()]))) this.owed.pay({ ...nothing, tags })
  })
}

/** A day, in milliseconds. */
const leastTagTtl = 86_400_000

const findingOf = ([text, own = "", all, tags = ""]: Texts, codec: Codec | undefined): Finding => {
  const entry = text === undefined ? undefined : Envelope.decode(text, codec)
  const isValid = entry !== undefined && entry.all === all && entry.own === own
  return { entry: isValid ? entry : undefined, ground: { text, own, all, tags } }
}

const textsIn = (values: Values, names: ReadonlyArray<string>): Texts => names.map((name) => textIn(values, name))

const textIn = (values: Values, name: string): string | undefined => {
  const value = values.get(name)
  return value === undefined || Option.isNone(value) ? undefined : value.value
}

/** How the id of a generation begins that was made where there was none. */
const made = "+"

/** Never the same twice: a number of this process's after random digits of its own. */
export const newId = (): string => `${origin}${(++ids).toString(36)}`

let ids = 0
const random = (): string => Math.random().toString(36).slice(2)
const origin = `${random()}${random()}.`
