/**
 * The tags of a cache, which all of its `Cached` share: an entry names the generation of each of its tags.
 *
 * The tags of a value are known only once it was looked up, and a generation vouches only for lookups that began while it
 * stood. So every invalidation of a tag first takes away the watermark, and a value is kept under a tag whose generation was
 * not read before its lookup only if the watermark is the one that its lookup began under.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import { tagName, tagWatermark } from "./Keys.ts"
import { Owed } from "./Owed.ts"
import { type Outcome, type Store, sharedLife } from "./Store.ts"

/** What the `Cached` of one cache know together in this process. */
export class TagDebts {
  readonly owed = new Owed()
  /** How many invalidations of tags have begun or ended: lookups from before are shared with nobody who comes later. */
  changes = 0
  /** The generations of all entries of those that have tags, to take away where too many tags are owed one by one. */
  readonly generations = new Set<string>()
  readonly #retain: () => void

  /** `retain` keeps them while something is owed. */
  constructor(retain: () => void) {
    this.#retain = retain
  }

  get isNeeded(): boolean {
    return !this.owed.isEmpty
  }

  add(tag: string): void {
    this.owed.add([tag])
    this.#retain()
  }
}

export class Tags {
  readonly debts: TagDebts
  readonly #store: Store
  readonly #life: number

  constructor(store: Store, debts: TagDebts, life: number) {
    this.#store = store
    this.debts = debts
    this.#life = life
  }

  /** The generations of the tags that have one, without those owed. Undefined where the cache failed. */
  read(tags: Iterable<string>): Effect.Effect<Map<string, string> | undefined> {
    return Effect.withFiber((fiber) => {
      // Noted before they are read: what is made good for meanwhile may have been read before.
      const { owed } = this.debts
      const readable = owed.isEmpty ? Array.from(tags) : Array.from(tags).filter((tag) => !owed.has(tag))
      const names = readable.map(tagName)
      if (names.length === 0) return Effect.succeed(new Map())
      return Effect.flatMap(this.#store.read(names), (textOf) => {
        if (textOf === undefined) return Effect.undefined
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        const found = new Map<string, string>()
        const due: Array<string> = []
        for (let index = 0; index < names.length; index++) {
          const name = names[index] as string
          const id = textOf(name)
          if (id === undefined) continue
          found.set(readable[index] as string, id)
          if (this.#store.isDue(name, id, this.#life, now)) due.push(name)
        }
        return due.length === 0 ? Effect.succeed(found) : Effect.as(this.#store.renew(due, this.#life), found)
      })
    })
  }

  /** As `read`, with generations made where there are none. */
  readonly stand = Effect.fnUntraced(function* (this: Tags, tags: Iterable<string>) {
    const found = yield* this.read(tags)
    if (found === undefined) return undefined
    const absent = Array.from(tags).filter((tag) => !found.has(tag) && !this.debts.owed.has(tag))
    const make = (tag: string) =>
      Effect.map(this.#store.stand(tagName(tag), this.#life), (id) => {
        if (id !== undefined) found.set(tag, id)
      })
    yield* Effect.forEach(absent, make, { concurrency: 16, discard: true })
    return found
  })

  /** The generations of tags that were not invalidated since the watermark was read. Undefined where that cannot be told. */
  readonly since = Effect.fnUntraced(function* (this: Tags, tags: ReadonlySet<string>) {
    const found = yield* this.stand(tags)
    // Read last: who sees a new generation of a tag sees the change of the watermark as well.
    const textOf = found === undefined ? undefined : yield* this.#store.read([tagWatermark])
    return found === undefined || textOf === undefined ? undefined : { ids: found, watermark: textOf(tagWatermark) }
  })

  makeWatermark(): Effect.Effect<string | undefined> {
    return this.#store.stand(tagWatermark, sharedLife)
  }

  /** Takes away generations of tags, after the watermark. */
  forget(tags: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return Effect.flatMap(this.#store.delete([tagWatermark]), (outcome) =>
      outcome === "Done" ? this.#store.delete(tags.map(tagName)) : Effect.succeed(outcome)
    )
  }

  /** Takes away the generation of a tag, or owes it. */
  invalidate(tag: string): Effect.Effect<Outcome> {
    const change = Effect.sync(() => {
      this.debts.changes++
    })
    const forgetting = Effect.map(this.forget([tag]), (outcome) => {
      if (outcome === "Failed") this.debts.add(tag)
      return outcome
    })
    return Effect.uninterruptible(change.pipe(Effect.andThen(forgetting), Effect.ensuring(change)))
  }

  readonly settle: Effect.Effect<void> = Effect.suspend(() =>
    this.debts.owed.settle({
      names: (tags) => this.forget(tags),
      all: Effect.suspend(() => this.#store.delete(Array.from(this.debts.generations)))
    })
  )
}
