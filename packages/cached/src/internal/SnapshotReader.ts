/**
 * Reads keys: their entries, and the generations that these are valid under: random ids, one of all entries, one of each
 * key, one of each tag.
 *
 * An entry holds those that its lookup began under, and is valid only while the store holds exactly those. A generation
 * that is absent, after an eviction for example, is never valid: it costs a lookup, and brings no older value back.
 *
 * @internal
 */
import type { Codec } from "@hexcache/cache-port"
import { Effect, type Fiber } from "effect"
import * as Envelope from "./Envelope.ts"
import type { Policy } from "./Policy.ts"
import { type ExpectedTags, noTags, type Snapshot } from "./Snapshot.ts"
import type { Store } from "./Store.ts"
import { type StoreKeys, watermarkKey } from "./StoreKeys.ts"
import type { Tags } from "./Tags.ts"

export class SnapshotReader {
  readonly #store: Store
  readonly #tags: Tags
  readonly #keys: StoreKeys
  readonly #codec: Codec | undefined
  /** The store's keys that are read with those of every key. */
  readonly #common: ReadonlyArray<string>
  /** The tags of values that were not stored, since other tags were invalidated during their lookup. */
  readonly #lastTags = new Map<string, ExpectedTags>()

  // biome-ignore lint/suspicious/noExplicitAny: the types of values do not matter here.
  constructor(policy: Policy<any, any, any, any, any>, store: Store, tags: Tags) {
    this.#store = store
    this.#tags = tags
    this.#keys = policy.storeKeys()
    this.#codec = policy.codec
    this.#common = policy.tags === undefined ? [this.#keys.all] : [this.#keys.all, watermarkKey]
  }

  /** Reads one key, synchronously if the store can; `undefined` where it failed. */
  read<A, E, R>(
    text: string,
    fiber: Fiber.Fiber<unknown, unknown>,
    use: (snapshot: Snapshot | undefined) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    const keys = [this.#keys.entry(text), this.#keys.own(text), ...this.#common]
    return this.#store.readSync(keys, fiber, (texts) => {
      if (texts === undefined) return use(undefined)
      const snapshot = this.#snapshotOf(text, texts)
      if (snapshot.entry === undefined || snapshot.entry.tags.length === 0) return use(snapshot)
      return Effect.flatMap(this.#withValidTags([snapshot]), (snapshots) => use(snapshots?.[0]))
    })
  }

  /** As `read`, for many keys at once, in their order. */
  readMany(texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Snapshot> | undefined> {
    if (texts.length === 0) return Effect.succeed([])
    const keys = texts.map((text) => [this.#keys.entry(text), this.#keys.own(text)] as const)
    return Effect.flatMap(this.#store.read([...keys.flat(), ...this.#common]), (textOf) => {
      if (textOf === undefined) return Effect.undefined
      const common = this.#common.map(textOf)
      return this.#withValidTags(
        keys.map(([entry, own], index) =>
          this.#snapshotOf(texts[index] as string, [textOf(entry), textOf(own), ...common])
        )
      )
    })
  }

  /** Expects these tags of the next value of a key; none once a value is stored. */
  expectTags(text: string, tags: ReadonlyArray<string>): void {
    if (tags.length === 0) {
      this.#lastTags.delete(text)
      return
    }
    if (this.#lastTags.size >= mostLastTags) this.#lastTags.clear()
    this.#lastTags.set(
      text,
      tags.map((tag) => [tag])
    )
  }

  #snapshotOf(text: string, [written, own, all, watermark]: ReadonlyArray<string | undefined>): Snapshot {
    const entry = written === undefined ? undefined : Envelope.decode(written, this.#codec)
    const isValid = entry !== undefined && entry.all === all && entry.own === own
    const expectedTags = entry?.tags ?? this.#lastTags.get(text) ?? noExpectedTags
    return { written, entry: isValid ? entry : undefined, all, own, watermark, expectedTags, tags: noTags }
  }

  /** Reads the generations of tags, in one more read if there are any. Undefined where it failed. */
  #withValidTags(snapshots: ReadonlyArray<Snapshot>): Effect.Effect<ReadonlyArray<Snapshot> | undefined> {
    const names = new Set(snapshots.flatMap(({ entry }) => entry?.tags.map(([tag]) => tag) ?? []))
    if (names.size === 0) return Effect.succeed(snapshots)
    return Effect.map(this.#tags.read(names), (tags) =>
      tags === undefined
        ? undefined
        : snapshots.map((snapshot) => {
            const isValid = snapshot.entry?.tags.every(([tag, id]) => tags.get(tag) === id)
            return { ...snapshot, entry: isValid ? snapshot.entry : undefined, tags }
          })
    )
  }
}

const mostLastTags = 1_000

const noExpectedTags: ExpectedTags = []
