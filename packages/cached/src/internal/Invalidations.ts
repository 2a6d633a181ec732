/**
 * Invalidates keys, tags and everything by deleting their generations, and retries those that the cache failed.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Caller } from "./Caller.ts"
import type { Counters } from "./Counters.ts"
import { PendingInvalidations } from "./PendingInvalidations.ts"
import type { Outcome, Store } from "./Store.ts"
import type { StoreKeys } from "./StoreKeys.ts"
import type { Tags } from "./Tags.ts"

export class Invalidations {
  readonly #pending = new PendingInvalidations()
  readonly #store: Store
  readonly #keys: StoreKeys
  readonly #tags: Tags
  readonly #counters: Counters
  readonly #retain: () => void

  /** `retain` keeps the pending invalidations in memory. */
  constructor(store: Store, keys: StoreKeys, tags: Tags, counters: Counters, retain: () => void) {
    this.#store = store
    this.#keys = keys
    this.#tags = tags
    this.#counters = counters
    this.#retain = retain
  }

  get hasPending(): boolean {
    return !this.#pending.isEmpty
  }

  /** True if nothing may be read from the cache for a key. */
  isPending(text: string): boolean {
    return this.#pending.isPending(text)
  }

  /** Retries pending invalidations in the background, if there are any. */
  retry<R>(caller: Caller<R>): void {
    if (this.#pending.isEmpty && !this.#tags.hasPending) return
    const own = this.#pending.retry({ names: (texts) => this.#delete(texts), all: this.#deleteAll })
    Effect.runForkWith(caller.backgroundContext)(Effect.andThen(own, this.#tags.retry))
  }

  invalidate(texts: ReadonlyArray<string>): Effect.Effect<void> {
    this.#counters.add("invalidations", texts.length)
    return this.forget(texts)
  }

  invalidateAll(): Effect.Effect<void> {
    this.#counters.add("invalidations")
    return this.#orPending(this.#deleteAll, 1, () => this.#pending.addAll())
  }

  invalidateTag(tag: string): Effect.Effect<void> {
    this.#counters.add("invalidations")
    return this.#orPending(this.#tags.invalidate(tag), 1, () => undefined)
  }

  /** Deletes keys. One that the cache refuses has no entry, and keeps no other from being deleted. */
  forget(texts: ReadonlyArray<string>): Effect.Effect<void> {
    if (texts.length === 0) return Effect.void
    const forgetting = Effect.flatMap(this.#delete(texts), (outcome) =>
      outcome === "Refused" && texts.length > 1
        ? Effect.forEach(texts, (text) => this.forget([text]), { concurrency: 16, discard: true })
        : this.#orPending(Effect.succeed(outcome), texts.length, () => this.#pending.add(texts))
    )
    return Effect.uninterruptible(forgetting)
  }

  #orPending(forgetting: Effect.Effect<Outcome>, count: number, addPending: () => void): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.map(forgetting, (outcome) => {
        if (outcome !== "Failed") return
        this.#counters.add("pendingInvalidations", count)
        addPending()
        this.#retain()
      })
    )
  }

  #delete(texts: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return this.#store.delete(texts.flatMap((text) => [this.#keys.entry(text), this.#keys.own(text)]))
  }

  get #deleteAll(): Effect.Effect<Outcome> {
    return this.#store.delete([this.#keys.all])
  }
}
