/**
 * Entries, and the generations that they are valid under: random ids, one of all entries, one of each key, one of each tag.
 *
 * An entry names those that its lookup began under, and is valid only while the store holds exactly those. So a generation
 * that is absent, evicted for example, is never valid: it costs a lookup, and never brings anything back.
 *
 * - A lookup begins once its generations were read, or made where there were none.
 * - To invalidate is to take generations away. A lookup that began before it, in any process, may still write its value,
 *   even late: nobody reads it.
 * - An id is never used twice, and no generation is written again under its id.
 *
 * @internal
 */

import type { CachePort, Codec } from "@hexcache/cache-port"
import { finishBeforeClose, type Observer, observerOf } from "@hexcache/cache-port/internal"
import { Clock, Effect, type Fiber, Option } from "effect"
import { type Counters, countersOf } from "./Counters.ts"
import * as Envelope from "./Envelope.ts"
import { type Fallback, fallbackOf } from "./Fallback.ts"
import { endOf, newGeneration, sumOf } from "./Generation.ts"
import { type Names, tagWatermark } from "./Keys.ts"
import { Owed } from "./Owed.ts"
import type { Policy } from "./Policy.ts"
import { type Asked, type Outcome, Store, sharedLife } from "./Store.ts"
import { type TagDebts, Tags } from "./Tags.ts"

/** What the store held of a key. */
export interface Finding {
  /** The entry, if its generations are those of now. */
  readonly entry: Envelope.Entry | undefined
  readonly ground: Ground
}

/** What stood when a key was read. */
export interface Ground {
  /** The text of the entry, whatever it is. */
  readonly text: string | undefined
  /** The same, if it is valid: what a lookup is told of the previous value. */
  readonly previous: string | undefined
  readonly all: string | undefined
  readonly own: string | undefined
  /** The watermark of tags; undefined where values have none as well. */
  readonly tags: string | undefined
  /** The tags that the value is likely to have. */
  readonly likely: ReadonlyArray<readonly [tag: string, id?: string]>
  /** The generations of those of them that were read. */
  readonly tagIds: ReadonlyMap<string, string>
}

/** The generations that a lookup began under. */
export interface Standing extends Pick<Ground, "tags" | "tagIds"> {
  readonly all: string
  readonly own: string
}

/** An entry that is about to be kept under what its lookup began under, but for its tags. */
export interface Unsigned extends Omit<Envelope.NewEntry, "all" | "own" | "tags"> {
  readonly text: string
  readonly tags: ReadonlyArray<string>
  readonly standing: Standing
}

export class Storage {
  readonly owed = new Owed()
  readonly counters: Counters
  readonly observer: Observer | undefined
  readonly tags: Tags
  readonly #store: Store
  readonly #names: Names
  /** The names that are read with those of every key. */
  readonly #common: ReadonlyArray<string>
  readonly #ownLife: number
  readonly #allowance: number
  readonly #sharedLife: number
  readonly #codec: Codec | undefined
  /** Keeps this while something is owed. */
  readonly #retain: () => void
  /** The tags of values that were not kept, since other tags were invalidated while they were looked up. */
  readonly #lastTags = new Map<string, Ground["likely"]>()

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: the types of values are of no matter here.
    policy: Policy<any, any, any, any, any>,
    cache: CachePort["Service"],
    debts: TagDebts,
    retain: () => void
  ) {
    this.#retain = retain
    this.counters = countersOf(policy.namespace)
    this.#store = new Store(cache, () => this.counters.error())
    this.observer = observerOf(this.#store.cache, policy.namespace, this.counters.live)
    this.#names = policy.form().names
    this.#common = policy.tags === undefined ? [this.#names.all] : [this.#names.all, tagWatermark]
    this.#ownLife = policy.ownLife
    this.#allowance = policy.allowance
    // A generation without an end goes with entries that may have none: the store holds those as long.
    this.#sharedLife = policy.longestLife > sharedLife / 2 ? Infinity : sharedLife
    this.#codec = policy.codec
    this.tags = new Tags(this.#store, debts, this.#sharedLife)
    if (policy.tags !== undefined) debts.generations.add(this.#names.all)
  }

  /** Has the cache wait for a write when it closes. */
  finishBeforeClose(write: Fiber.Fiber<unknown>): void {
    finishBeforeClose(this.#store.cache, write)
  }

  /** None where the cache failed. */
  attempt<A>(asked: Asked<A>): Effect.Effect<Option.Option<A>> {
    return this.#store.attempt(asked)
  }

  /** How many invalidations of tags this process has made, where values have any. */
  get tagChanges(): number {
    return this.#common.length === 1 ? 0 : this.tags.debts.changes
  }

  /** True if nothing may be read from the cache for a key. */
  isOwed(text: string): boolean {
    return this.owed.has(text)
  }

  /** Tries again to carry out what is owed, if anything is. */
  get settling(): Effect.Effect<void> | undefined {
    if (this.owed.isEmpty && this.tags.debts.owed.isEmpty) return undefined
    const own = this.owed.settle({ names: (texts) => this.#forget(texts), all: this.#forgetAll })
    return Effect.andThen(own, this.tags.settle)
  }

  /** What the store holds of one key, at once if it can say so; `undefined` where it failed. */
  find<A, E, R>(
    text: string,
    fiber: Fiber.Fiber<unknown, unknown>,
    use: (finding: Finding | undefined) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    return this.#store.readList([...this.#namesOf(text), ...this.#common], fiber, (texts) => {
      if (texts === undefined) return use(undefined)
      const finding = this.#findingOf(text, texts)
      if (finding.entry === undefined || finding.entry.tags.length === 0) return use(finding)
      return Effect.flatMap(this.#withoutInvalidTags([finding]), (findings) => use(findings?.[0]))
    })
  }

  /** As `find`, for many keys at once, in their order. */
  findMany(texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Finding> | undefined> {
    if (texts.length === 0) return Effect.succeed([])
    const names = texts.map((text) => this.#namesOf(text))
    return Effect.flatMap(this.#store.read([...names.flat(), ...this.#common]), (textOf) => {
      if (textOf === undefined) return Effect.undefined
      const common = this.#common.map(textOf)
      return this.#withoutInvalidTags(
        names.map(([entry, own], index) =>
          this.#findingOf(texts[index] as string, [textOf(entry), textOf(own), ...common])
        )
      )
    })
  }

  #namesOf(text: string): readonly [entry: string, own: string] {
    return [this.#names.entry(text), this.#names.own(text)]
  }

  #findingOf(key: string, [text, own, all, tags]: ReadonlyArray<string | undefined>): Finding {
    const entry = text === undefined ? undefined : Envelope.decode(text, this.#codec)
    const isValid = entry !== undefined && entry.all === all && entry.own === own
    const likely = entry?.tags ?? this.#lastTags.get(key) ?? noTags
    const previous = isValid ? text : undefined
    return { entry: isValid ? entry : undefined, ground: { text, previous, own, all, tags, likely, tagIds: noTagIds } }
  }

  /** In one more read, if there are tags at all. Undefined where it failed. */
  #withoutInvalidTags(findings: ReadonlyArray<Finding>): Effect.Effect<ReadonlyArray<Finding> | undefined> {
    const tags = new Set(findings.flatMap(({ entry }) => entry?.tags.map(([tag]) => tag) ?? []))
    if (tags.size === 0) return Effect.succeed(findings)
    return Effect.map(this.tags.read(tags), (tagIds) => {
      if (tagIds === undefined) return undefined
      return findings.map(({ entry, ground }) => {
        const isValid = entry?.tags.every(([tag, id]) => tagIds.get(tag) === id)
        const { all, likely, own, tags, text } = ground
        const previous = isValid ? text : undefined
        return { entry: isValid ? entry : undefined, ground: { text, previous, own, all, tags, likely, tagIds } }
      })
    })
  }

  /**
   * The generations that lookups may begin under, in the order of the keys: what was found, and made where there was none.
   * Undefined for a key whose value cannot be kept.
   */
  prepare(
    keys: ReadonlyArray<{ readonly text: string; readonly ground: Ground | undefined }>
  ): Effect.Effect<ReadonlyArray<Standing | undefined>> {
    const hasShared = ({ all, likely, tagIds, tags }: Ground) =>
      all !== undefined &&
      (this.#common.length === 1 || (tags !== undefined && likely.every(([tag]) => tagIds.has(tag))))
    const [first] = keys
    if (keys.length === 1 && first?.ground !== undefined && first.ground.own === undefined && hasShared(first.ground)) {
      const { ground, text } = first
      const making = this.#store.stand(this.#names.own(text), this.#ownLife)
      return Effect.map(making, (own) => [standingOf(ground, own)])
    }
    return keys.every(({ ground }) => ground === undefined || (ground.own !== undefined && hasShared(ground)))
      ? Effect.succeed(keys.map(({ ground }) => standingOf(ground)))
      : this.#make(keys)
  }

  readonly #make = Effect.fnUntraced(function* (
    this: Storage,
    keys: ReadonlyArray<{ readonly text: string; readonly ground: Ground | undefined }>
  ) {
    const grounds = keys.flatMap(({ ground }) => ground ?? [])
    const lacksAll = grounds.some(({ all }) => all === undefined)
    const lacksTags = this.#common.length > 1 && grounds.some(({ tags }) => tags === undefined)
    const likely = new Set(
      this.#common.length === 1
        ? []
        : grounds.flatMap(({ likely, tagIds }) => likely.flatMap(([tag]) => (tagIds.has(tag) ? [] : tag)))
    )
    const texts = keys.flatMap(({ ground, text }) => (ground !== undefined && ground.own === undefined ? text : []))
    const [all, tags, tagIds, owns] = yield* Effect.all(
      [
        lacksAll ? this.#store.stand(this.#names.all, this.#sharedLife) : Effect.undefined,
        lacksTags ? this.tags.makeWatermark() : Effect.undefined,
        likely.size === 0 ? Effect.undefined : this.tags.stand(likely),
        this.#makeOwn(texts)
      ],
      { concurrency: "unbounded" }
    )
    return keys.map(({ ground, text }) =>
      standingOf(
        ground && {
          ...ground,
          all: ground.all ?? all,
          own: ground.own ?? owns.get(text),
          tags: ground.tags ?? tags,
          tagIds: tagIds === undefined ? ground.tagIds : new Map([...ground.tagIds, ...tagIds])
        }
      )
    )
  })

  /** Many are written over what others may have made meanwhile: that is as good, and one write. */
  readonly #makeOwn = Effect.fnUntraced(function* (this: Storage, texts: ReadonlyArray<string>) {
    const made = new Map<string, string>()
    const [first] = texts
    if (first === undefined) return made
    if (texts.length === 1) {
      const id = yield* this.#store.stand(this.#names.own(first), this.#ownLife)
      if (id !== undefined) made.set(first, id)
      return made
    }
    const end = (yield* Clock.currentTimeMillis) + this.#ownLife
    const ids = texts.map((text) => [text, newGeneration(end)] as const)
    const names = ids.map(([text, id]) => [this.#names.own(text), id] as const)
    const written = yield* this.#store.writeMany(names, this.#ownLife)
    return new Map(ids.filter(([text]) => written.has(this.#names.own(text))))
  })

  /**
   * Keeps values, but for those of which a tag may have been invalidated since their lookup began. Gives the texts of
   * those that were written, and of those that the cache failed to write.
   */
  readonly keep = Effect.fnUntraced(function* (this: Storage, values: ReadonlyArray<Unsigned>) {
    const unread = new Set(values.flatMap(({ standing, tags }) => tags.filter((tag) => !standing.tagIds.has(tag))))
    const since = unread.size === 0 ? undefined : yield* this.tags.since(unread)
    const now = yield* Clock.currentTimeMillis
    const entries: Array<readonly [text: string, entry: Envelope.NewEntry]> = []
    for (const { standing, tags, text, ...value } of values) {
      if (value.servedUntil <= now) continue
      const isSame = since?.watermark !== undefined && since.watermark === standing.tags
      const idOf = (tag: string) => standing.tagIds.get(tag) ?? (isSame ? since.ids.get(tag) : undefined)
      const signed = tags.flatMap((tag) => {
        const id = idOf(tag)
        return id === undefined ? [] : [[tag, id] as const]
      })
      if (signed.length === tags.length) {
        entries.push([text, { ...value, all: standing.all, own: standing.own, tags: signed }])
        this.#lastTags.delete(text)
      } else {
        if (this.#lastTags.size >= mostLastTags) this.#lastTags.clear()
        this.#lastTags.set(
          text,
          tags.map((tag) => [tag])
        )
      }
    }
    const written = yield* this.#write(entries, now)
    const texts = entries.map(([text]) => text)
    return { written, failed: new Set(texts.filter((text) => !written.has(text))) }
  })

  /** Writes entries, each with what is left of its life, and lets its generations stand as long. Gives those written. */
  #write(
    entries: ReadonlyArray<readonly [text: string, entry: Envelope.NewEntry]>,
    now: number
  ): Effect.Effect<ReadonlySet<string>> {
    const [first] = entries
    if (first === undefined) return Effect.succeed(noTexts)
    const written = entries.map(
      ([text, entry]) => [this.#names.entry(text), Envelope.encode(entry, this.#codec)] as const
    )
    const ttl = entries.reduce((longest, [, { servedUntil }]) => Math.max(longest, servedUntil - now), 0)
    const writing =
      written.length === 1
        ? Effect.map(
            this.#store.done((cache) => cache.set(...(written[0] as (typeof written)[0]), { ttl })),
            (isDone) => (isDone ? new Set([first[0]]) : noTexts)
          )
        : Effect.map(
            this.#store.writeMany(written, ttl),
            (names) => new Set(entries.flatMap(([text]) => (names.has(this.#names.entry(text)) ? text : [])))
          )
    const isDue = this.#store.isDue(this.#names.all, first[1].all, this.#sharedLife, now)
    const renewing = isDue ? this.#store.renew([this.#names.all], this.#sharedLife) : Effect.void
    const short = entries.filter(([, { own, servedUntil }]) => endOf(own) < servedUntil)
    if (short.length === 0) return Effect.andThen(renewing, writing)
    const extending = Effect.forEach(
      short,
      ([text, { servedUntil }]) => {
        const life = sumOf(servedUntil - now, this.#allowance)
        return this.#store.done((cache) => cache.expire(this.#names.own(text), life))
      },
      { concurrency: 100, discard: true }
    )
    return Effect.map(Effect.all([writing, extending, renewing], { concurrency: "unbounded" }), ([texts]) => texts)
  }

  remove(texts: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return this.#store.delete(texts.map((text) => this.#names.entry(text)))
  }

  /**
   * Replaces what is kept of keys, whatever it is, by values that are known to be current. An entry is written under a
   * generation that stands only once it is there: an invalidation in between takes the entry away, and a write that comes
   * late brings nothing back. Gives the keys that were replaced; the others have to be forgotten instead.
   */
  readonly replace = Effect.fnUntraced(function* (
    this: Storage,
    values: ReadonlyArray<Omit<Unsigned, "standing">>,
    isOutdated: () => boolean
  ) {
    const tags = new Set(values.flatMap(({ tags }) => tags))
    const [held, tagIds] = yield* Effect.all(
      [this.#store.read([this.#names.all]), tags.size === 0 ? Effect.succeed(noTagIds) : this.tags.stand(tags)],
      { concurrency: "unbounded" }
    )
    const all =
      held === undefined
        ? undefined
        : (held(this.#names.all) ?? (yield* this.#store.stand(this.#names.all, this.#sharedLife)))
    if (all === undefined || tagIds === undefined) return noTexts
    const signable = values.filter(({ tags }) => tags.every((tag) => tagIds.has(tag)))
    const now = yield* Clock.currentTimeMillis
    const owns = signable.map(({ servedUntil, text }) => {
      const life = sumOf(servedUntil - now, this.#allowance)
      return { text, life, id: newGeneration(now + life) }
    })
    const unsigned = signable.map((value, index) => {
      const standing = { all, own: owns[index]?.id ?? "", tags: undefined, tagIds }
      return { ...value, standing }
    })
    const { written } = yield* this.keep(unsigned)
    const published = owns.filter(({ text }) => written.has(text))
    if (published.length === 0 || isOutdated()) return noTexts
    const ttl = published.reduce((longest, { life }) => Math.max(longest, life), 0)
    const names = yield* this.#store.writeMany(
      published.map(({ id, text }) => [this.#names.own(text), id] as const),
      ttl
    )
    return new Set(published.flatMap(({ text }) => (names.has(this.#names.own(text)) ? text : [])))
  })

  /** Leaves the value of a key as a fallback for so many milliseconds, and forgets it where it cannot. */
  readonly expire = Effect.fnUntraced(function* (
    this: Storage,
    text: string,
    staleFor: number,
    isOutdated: () => boolean
  ) {
    this.counters.live.invalidations++
    const findings = this.isOwed(text) ? undefined : yield* this.findMany([text])
    const now = yield* Clock.currentTimeMillis
    const fallback = fallbackOf(findings?.[0]?.entry, now, staleFor, this.#allowance)
    const isLeft = fallback !== undefined && (yield* this.#leave(text, fallback, isOutdated))
    if (!isLeft) yield* this.forget([text])
  })

  /**
   * Writes a fallback under a generation that does not stand yet, takes away the one that stood, and lets the new one stand
   * in its place. An invalidation in between takes away the fallback, or finds that the generation is not the one that was
   * read; a lookup in between makes a generation of its own. False where the key has to be forgotten instead.
   */
  readonly #leave = Effect.fnUntraced(function* (
    this: Storage,
    text: string,
    { before, entry, life, ownLife }: Fallback,
    isOutdated: () => boolean
  ) {
    const [name, own] = this.#namesOf(text)
    const written = Envelope.encode(entry, this.#codec)
    const isWritten = yield* this.#store.done((cache) => cache.set(name, written, { ttl: life }))
    if (!isWritten || isOutdated()) return false
    const isTaken = yield* this.#store.attempt((cache) => cache.compareAndDelete(own, before))
    if (Option.isNone(isTaken) || !isTaken.value) return false
    yield* this.#store.done((cache) => cache.setIfAbsent(own, entry.own, { ttl: ownLife }))
    return !isOutdated()
  })

  invalidate(texts: ReadonlyArray<string>): Effect.Effect<void> {
    this.counters.live.invalidations += texts.length
    return this.forget(texts)
  }

  get invalidateAll(): Effect.Effect<void> {
    this.counters.live.invalidations++
    return this.#orOwed(this.#forgetAll, 1, () => this.owed.addAll())
  }

  invalidateTag(tag: string): Effect.Effect<void> {
    this.counters.live.invalidations++
    return this.#orOwed(this.tags.invalidate(tag), 1, () => undefined)
  }

  /** A key that the cache refuses has nothing to forget, and keeps no other from being forgotten. */
  forget(texts: ReadonlyArray<string>): Effect.Effect<void> {
    if (texts.length === 0) return Effect.void
    const forgetting = Effect.flatMap(this.#forget(texts), (outcome) =>
      outcome === "Refused" && texts.length > 1
        ? Effect.forEach(texts, (text) => this.forget([text]), { concurrency: 16, discard: true })
        : this.#orOwed(Effect.succeed(outcome), texts.length, () => this.owed.add(texts))
    )
    return Effect.uninterruptible(forgetting)
  }

  #orOwed(forgetting: Effect.Effect<Outcome>, count: number, owe: () => void): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.map(forgetting, (outcome) => {
        if (outcome !== "Failed") return
        this.counters.live.pendingInvalidations += count
        owe()
        this.#retain()
      })
    )
  }

  #forget(texts: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return this.#store.delete(texts.flatMap((text) => this.#namesOf(text)))
  }

  get #forgetAll(): Effect.Effect<Outcome> {
    return this.#store.delete([this.#names.all])
  }
}

const mostLastTags = 1_000

const noTexts: ReadonlySet<string> = new Set()
const noTags: Ground["likely"] = []
const noTagIds: ReadonlyMap<string, string> = new Map()

const standingOf = (ground: Ground | undefined, own = ground?.own): Standing | undefined =>
  ground?.all === undefined || own === undefined
    ? undefined
    : { all: ground.all, own, tags: ground.tags, tagIds: ground.tagIds }
