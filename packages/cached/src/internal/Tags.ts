/**
 * The tags of a cache, which all of its `Cached` share: an entry names the generation of each of its tags.
 *
 * The tags of a value are known only once it was looked up, and a generation vouches only for lookups that began while it
 * stood. So every invalidation of a tag first deletes the watermark, and a value is stored under a tag whose generation was
 * not read before its lookup only if the watermark is the one that its lookup began under.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { sharedLife } from "./GenerationId.ts"
import { PendingInvalidations } from "./PendingInvalidations.ts"
import type { Outcome, Store } from "./Store.ts"
import { tagKey, tagPattern, watermarkKey } from "./StoreKeys.ts"

/** The state of the tags of one cache in this process, shared by its `Cached`. */
export class TagState {
  readonly pending = new PendingInvalidations()
  /** Counts the beginnings and ends of invalidations of tags: no later reader shares a lookup from before one of them. */
  changes = 0
  readonly #retain: () => void

  /** `retain` keeps the state in memory while it is needed. */
  constructor(retain: () => void) {
    this.#retain = retain
  }

  get isNeeded(): boolean {
    return !this.pending.isEmpty
  }

  add(tag: string): void {
    this.pending.add([tag])
    this.#retain()
  }
}

export class Tags {
  readonly #state: TagState
  readonly #store: Store
  readonly #life: number

  constructor(store: Store, state: TagState, life: number) {
    this.#store = store
    this.#state = state
    this.#life = life
  }

  get changes(): number {
    return this.#state.changes
  }

  get hasPending(): boolean {
    return !this.#state.pending.isEmpty
  }

  /** The generations of the tags that have one, without pending tags. Undefined where the cache failed. */
  read(tags: Iterable<string>): Effect.Effect<Map<string, string> | undefined> {
    return Effect.withFiber((fiber) => {
      // Before the read: a tag whose retry succeeds meanwhile may have been read before.
      const { pending } = this.#state
      const readable = pending.isEmpty ? Array.from(tags) : Array.from(tags).filter((tag) => !pending.isPending(tag))
      if (readable.length === 0) return Effect.succeed(new Map())
      const keys = readable.map(tagKey)
      return Effect.flatMap(this.#store.read(keys), (textOf) => {
        if (textOf === undefined) return Effect.undefined
        const found = new Map<string, string>()
        const read: Array<readonly [key: string, id: string]> = []
        for (const [index, key] of keys.entries()) {
          const id = textOf(key)
          if (id === undefined) continue
          found.set(readable[index] as string, id)
          read.push([key, id])
        }
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        return Effect.as(this.#store.renew(read, this.#life, now), found)
      })
    })
  }

  /** As `read`, with generations made where there are none. */
  readonly ensure = Effect.fnUntraced(function* (this: Tags, tags: Iterable<string>) {
    const found = yield* this.read(tags)
    if (found === undefined) return undefined
    const absent = Array.from(tags).filter((tag) => !found.has(tag) && !this.#state.pending.isPending(tag))
    const make = (tag: string) =>
      Effect.map(this.#store.ensureGeneration(tagKey(tag), this.#life), (id) => {
        if (id !== undefined) found.set(tag, id)
      })
    yield* Effect.forEach(absent, make, { concurrency: 16, discard: true })
    return found
  })

  /** The generations of tags, and the watermark that stands with them. Undefined where the cache failed. */
  readonly ensureWithWatermark = Effect.fnUntraced(function* (this: Tags, tags: ReadonlySet<string>) {
    const ids = yield* this.ensure(tags)
    // Last: a read that sees a new generation of a tag then sees the change of the watermark as well.
    const textOf = ids === undefined ? undefined : yield* this.#store.read([watermarkKey])
    return ids === undefined || textOf === undefined ? undefined : { ids, watermark: textOf(watermarkKey) }
  })

  readonly ensureWatermark: Effect.Effect<string | undefined> = Effect.suspend(() =>
    this.#store.ensureGeneration(watermarkKey, sharedLife)
  )

  #forget(tags: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return this.#afterWatermark(this.#store.delete(tags.map(tagKey)))
  }

  /** Deletes generations of tags, after the watermark. */
  #afterWatermark(forgetting: Effect.Effect<Outcome>): Effect.Effect<Outcome> {
    return Effect.flatMap(this.#store.delete([watermarkKey]), (outcome) =>
      outcome === "Done" ? forgetting : Effect.succeed(outcome)
    )
  }

  /** Deletes the generation of a tag; where the cache fails, makes the tag pending. */
  invalidate(tag: string): Effect.Effect<Outcome> {
    const change = Effect.sync(() => {
      this.#state.changes++
    })
    const forgetting = Effect.map(this.#forget([tag]), (outcome) => {
      if (outcome === "Failed") this.#state.add(tag)
      return outcome
    })
    return Effect.uninterruptible(change.pipe(Effect.andThen(forgetting), Effect.ensuring(change)))
  }

  readonly retry: Effect.Effect<void> = Effect.suspend(() =>
    this.#state.pending.retry({
      names: (tags) => this.#forget(tags),
      // Of all tags, since other processes have values of tags that this one does not know.
      all: this.#afterWatermark(this.#store.deletePattern(tagPattern))
    })
  )
}
