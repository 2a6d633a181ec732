/**
 * The generations that lookups begin under: those that were read, and new ones where there were none.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { newGenerationId } from "./GenerationId.ts"
import type { LookupRequest } from "./LookupRequest.ts"
import type { Policy } from "./Policy.ts"
import { type Generations, generationsOf, type Snapshot } from "./Snapshot.ts"
import type { Store } from "./Store.ts"
import type { StoreKeys } from "./StoreKeys.ts"
import type { Tags } from "./Tags.ts"

type Requests = ReadonlyArray<Pick<LookupRequest<unknown>, "text" | "snapshot">>

export class LookupGenerations {
  readonly #store: Store
  readonly #tags: Tags
  readonly #keys: StoreKeys
  readonly #hasTags: boolean
  readonly #ownLife: number
  readonly #sharedLife: number

  // biome-ignore lint/suspicious/noExplicitAny: the types of values do not matter here.
  constructor(policy: Policy<any, any, any, any, any>, store: Store, tags: Tags) {
    this.#store = store
    this.#tags = tags
    this.#keys = policy.storeKeys()
    this.#hasTags = policy.tags !== undefined
    this.#ownLife = policy.ownLife
    this.#sharedLife = policy.sharedLife
  }

  /** Ensures the generations of keys, in their order. Undefined for a key whose value cannot be stored. */
  ensure(requests: Requests): Effect.Effect<ReadonlyArray<Generations | undefined>> {
    const [first] = requests
    const snapshot = requests.length === 1 ? first?.snapshot : undefined
    if (first !== undefined && snapshot !== undefined && snapshot.own === undefined && this.#hasShared(snapshot)) {
      const making = this.#store.ensureGeneration(this.#keys.own(first.text), this.#ownLife)
      return Effect.map(making, (own) => [generationsOf(snapshot, own)])
    }
    return requests.every(
      ({ snapshot }) => snapshot === undefined || (snapshot.own !== undefined && this.#hasShared(snapshot))
    )
      ? Effect.succeed(requests.map(({ snapshot }) => generationsOf(snapshot)))
      : this.#make(requests)
  }

  /** True if all generations were read but that of the key. */
  #hasShared({ all, expectedTags, tags, watermark }: Snapshot): boolean {
    if (all === undefined) return false
    return !this.#hasTags || (watermark !== undefined && expectedTags.every(([tag]) => tags.has(tag)))
  }

  readonly #make = Effect.fnUntraced(function* (this: LookupGenerations, requests: Requests) {
    const snapshots = requests.flatMap(({ snapshot }) => snapshot ?? [])
    const lacksAll = snapshots.some(({ all }) => all === undefined)
    const lacksWatermark = this.#hasTags && snapshots.some(({ watermark }) => watermark === undefined)
    const lackingTags = new Set(
      snapshots.flatMap(({ expectedTags, tags }) =>
        this.#hasTags ? expectedTags.flatMap(([tag]) => (tags.has(tag) ? [] : tag)) : []
      )
    )
    const texts = requests.flatMap(({ snapshot, text }) =>
      snapshot !== undefined && snapshot.own === undefined ? text : []
    )
    const [all, watermark, tags, owns] = yield* Effect.all(
      [
        lacksAll ? this.#store.ensureGeneration(this.#keys.all, this.#sharedLife) : Effect.undefined,
        lacksWatermark ? this.#tags.ensureWatermark : Effect.undefined,
        lackingTags.size === 0 ? Effect.undefined : this.#tags.ensure(lackingTags),
        this.#makeOwn(texts)
      ],
      { concurrency: "unbounded" }
    )
    return requests.map(({ snapshot, text }) =>
      generationsOf(
        snapshot && {
          ...snapshot,
          all: snapshot.all ?? all,
          own: snapshot.own ?? owns.get(text),
          watermark: snapshot.watermark ?? watermark,
          tags: tags === undefined ? snapshot.tags : new Map([...snapshot.tags, ...tags])
        }
      )
    )
  })

  /** Writes many over those that others may have made meanwhile: as good, and one write. */
  readonly #makeOwn = Effect.fnUntraced(function* (this: LookupGenerations, texts: ReadonlyArray<string>) {
    const made = new Map<string, string>()
    const [first] = texts
    if (first === undefined) return made
    if (texts.length === 1) {
      const id = yield* this.#store.ensureGeneration(this.#keys.own(first), this.#ownLife)
      if (id !== undefined) made.set(first, id)
      return made
    }
    const end = (yield* Clock.currentTimeMillis) + this.#ownLife
    const ids = texts.map((text) => [text, newGenerationId(end)] as const)
    const entries = ids.map(([text, id]) => [this.#keys.own(text), id] as const)
    const written = yield* this.#store.writeMany(entries, this.#ownLife)
    return new Map(ids.filter(([text]) => written.has(this.#keys.own(text))))
  })
}
