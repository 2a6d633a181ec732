/**
 * A `Cached` on one cache: puts its parts together, and orders its changes.
 *
 * @internal
 */

import type { CachePort } from "@hexcache/cache-port"
import { type Context, Effect, type Option } from "effect"
import { type BatchReader, makeBatchReader } from "./BatchReader.ts"
import type { Caller } from "./Caller.ts"
import { type Counters, countersOf } from "./Counters.ts"
import { type EntryStore, makeEntryStore } from "./EntryStore.ts"
import { EntryWriter } from "./EntryWriter.ts"
import { InFlightLookups } from "./InFlightLookups.ts"
import { type Invalidations, makeInvalidations } from "./Invalidations.ts"
import { Loader } from "./Loader.ts"
import { makeEnsureGenerations } from "./LookupGenerations.ts"
import { makeNamespaceLog } from "./NamespaceLog.ts"
import { OngoingChanges } from "./OngoingChanges.ts"
import type { Policy } from "./Policy.ts"
import { makeReader, type Reader } from "./Reader.ts"
import { makeReadRules } from "./ReadRules.ts"
import { Requests } from "./Requests.ts"
import { makeSnapshotReader, type SnapshotReader } from "./SnapshotReader.ts"
import { Store } from "./Store.ts"
import { type TagState, Tags } from "./Tags.ts"

export class Engine<Key, A, Answer, E, R> {
  readonly #policy: Policy<Key, A, Answer, E, R>
  readonly #counters: Counters
  readonly #snapshots: SnapshotReader
  readonly #entries: EntryStore
  readonly #invalidations: Invalidations
  readonly #writer: EntryWriter<Key, A, Answer>
  readonly #changes = new OngoingChanges()
  readonly #loader: Loader<Key, A, Answer, E, R>
  readonly #reader: Reader<Key, A, Answer, E, R>
  readonly #batches: BatchReader<Key, A, Answer, E, R>
  readonly #requests: Requests<Key, A, Answer, E, R>

  /** `retain` keeps the engine in memory while it is needed. */
  constructor(policy: Policy<Key, A, Answer, E, R>, cache: CachePort["Service"], state: TagState, retain: () => void) {
    const counters = countersOf(policy.namespace)
    const keys = policy.storeKeys()
    const store = new Store(cache, () => counters.error())
    const tags = new Tags(store, state, policy.sharedLife)
    const log = makeNamespaceLog(policy.namespace)
    const lookups = new InFlightLookups<Answer, E>(policy.tags === undefined ? () => 0 : () => tags.changes)
    const snapshots = makeSnapshotReader(policy, store, tags)
    const ensureGenerations = makeEnsureGenerations(policy, store, tags)
    const rules = makeReadRules(policy, counters, lookups, log)
    this.#policy = policy
    this.#counters = counters
    this.#snapshots = snapshots
    this.#entries = makeEntryStore(policy, store, tags, snapshots)
    this.#invalidations = makeInvalidations(store, keys, tags, counters, retain)
    this.#writer = new EntryWriter(policy, this.#entries, this.#invalidations)
    this.#loader = new Loader({
      policy,
      counters,
      store,
      snapshots,
      ensureGenerations,
      writer: this.#writer,
      lookups,
      log
    })
    const parts = {
      policy,
      counters,
      snapshots,
      invalidations: this.#invalidations,
      changes: this.#changes,
      lookups,
      loader: this.#loader,
      rules
    }
    this.#reader = makeReader(parts)
    this.#batches = makeBatchReader(parts)
    this.#requests = new Requests(this.#batches)
  }

  /** True while it must stay in memory, though no port of its cache may be left. */
  get isNeeded(): boolean {
    return this.#invalidations.hasPending()
  }

  /** Ends lookups in the background that run with the services of one binding, and waits for the writes that have begun. */
  close(bound: Context.Context<R>): Effect.Effect<void> {
    return this.#loader.close(bound)
  }

  get(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    return this.#reader.get(key, caller)
  }

  getOption(key: Key, caller: Caller<R>): Effect.Effect<Option.Option<A>> {
    return this.#reader.getOption(key, caller)
  }

  getMany(keys: Iterable<Key>, caller: Caller<R>): Effect.Effect<ReadonlyMap<Key, A>, E> {
    return this.#batches.getMany(keys, caller)
  }

  getBatched(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    // Before the batch, of which no key may fail others.
    return this.#requests.get(key, this.#policy.textOf(key), caller)
  }

  refresh(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const text = this.#policy.textOf(key)
    const texts = new Set([text])
    this.#loader.outdateForRefresh(text)
    this.#changes.outdate(texts, "Expire")
    return this.#changes.run("Refresh", texts, () => this.#reader.refresh(key, caller))
  }

  set(values: ReadonlyArray<readonly [key: Key, value: A]>): Effect.Effect<void> {
    const byText = new Map(values.map(([key, value]) => [this.#policy.textOf(key), [key, value] as const]))
    const last = Array.from(byText, ([text, [key, value]]) => [key, text, value] as const)
    const texts = new Set(byText.keys())
    return this.#change(texts, () =>
      this.#changes.run("Set", texts, (isOutdated) => this.#writer.set(last, isOutdated))
    )
  }

  invalidate(keys: Iterable<Key>): Effect.Effect<void> {
    const texts = new Set(Array.from(keys, (key) => this.#policy.textOf(key)))
    return this.#change(texts, () => this.#invalidations.invalidate(Array.from(texts)))
  }

  /** Leaves a fallback, unless a reader may have a newer value by a refresh already. */
  expire(key: Key): Effect.Effect<void> {
    const { staleFor } = this.#policy
    const text = this.#policy.textOf(key)
    if (staleFor === 0 || this.#changes.isRefreshing(text)) return this.invalidate([key])
    const texts = new Set([text])
    return this.#change(texts, () =>
      this.#changes.run("Expire", texts, (isOutdated) => this.#leaveFallback(text, isOutdated))
    )
  }

  readonly #leaveFallback = Effect.fnUntraced(function* (
    this: Engine<Key, A, Answer, E, R>,
    text: string,
    isOutdated: () => boolean
  ) {
    this.#counters.add("invalidations")
    const isPending = this.#invalidations.isPending(text)
    const snapshots = isPending ? undefined : yield* this.#snapshots.readMany([text])
    const isLeft = yield* this.#entries.leaveFallback(text, snapshots?.[0]?.entry, this.#policy.staleFor, isOutdated)
    if (!isLeft) yield* this.#invalidations.forget([text])
  })

  invalidateAll(): Effect.Effect<void> {
    return this.#change(undefined, () => this.#invalidations.invalidateAll())
  }

  /** Outdates all lookups in flight, since the tags of a lookup are known only when it ends. */
  invalidateTag(tag: string): Effect.Effect<void> {
    return this.#change(undefined, () => this.#invalidations.invalidateTag(tag))
  }

  /**
   * Outdates lookups and writes of some keys, or of all, before and after a change: one that began meanwhile may have an
   * older value of another process.
   */
  #change(texts: ReadonlySet<string> | undefined, change: () => Effect.Effect<void>): Effect.Effect<void> {
    const outdate = () => {
      this.#loader.outdate(texts)
      this.#changes.outdate(texts)
    }
    outdate()
    return Effect.uninterruptible(Effect.ensuring(change(), Effect.sync(outdate)))
  }
}
