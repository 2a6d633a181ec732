/**
 * The lookups of a `Cached` in flight, one of each key, and the rules by which readers share them.
 *
 * @internal
 */
import type { InFlightLookup } from "./InFlightLookup.ts"
import type { LookupRequest } from "./LookupRequest.ts"
import type { Generations, Snapshot } from "./Snapshot.ts"

export class InFlightLookups<Answer, E> {
  readonly #byText = new Map<string, InFlightLookup<Answer, E>>()
  readonly #tagChanges: () => number
  /** The refreshes of each key that are under way: several may be, since each looks up anew. */
  readonly #refreshes = new Map<string, ReadonlyArray<InFlightLookup<Answer, E>>>()
  #begun = 0

  /** `tagChanges` returns the number of invalidations of tags of this process. */
  constructor(tagChanges: () => number) {
    this.#tagChanges = tagChanges
  }

  /** The number of lookups that have begun. */
  get begun(): number {
    return this.#begun
  }

  get tagChanges(): number {
    return this.#tagChanges()
  }

  begin(lookup: InFlightLookup<Answer, E>, generations: Generations | undefined): void {
    lookup.begin(++this.#begun, generations)
  }

  /** Makes a lookup the one of its key, and returns the one that it replaces. */
  replace(text: string, lookup: InFlightLookup<Answer, E>): InFlightLookup<Answer, E> | undefined {
    const replaced = this.#byText.get(text)
    this.#byText.set(text, lookup)
    if (lookup.reason === "Refresh") this.#refreshes.set(text, [...this.#refreshesOf(text), lookup])
    return replaced
  }

  /** Removes a lookup that is over. */
  end(text: string, lookup: InFlightLookup<Answer, E>): void {
    this.remove(text, lookup)
    if (lookup.reason !== "Refresh") return
    const others = this.#refreshesOf(text).filter((other) => other !== lookup)
    if (others.length === 0) this.#refreshes.delete(text)
    else this.#refreshes.set(text, others)
  }

  /** Supersedes the refreshes of a key that began before one that has a value: theirs is older. */
  supersede(text: string, { number }: InFlightLookup<Answer, E>): void {
    for (const other of this.#refreshesOf(text)) if (other.number < number) other.isSuperseded = true
  }

  #refreshesOf(text: string): ReadonlyArray<InFlightLookup<Answer, E>> {
    return this.#refreshes.get(text) ?? []
  }

  /** True if the lookup of a key is by a refresh. */
  isRefreshing(text: string): boolean {
    return this.#byText.get(text)?.reason === "Refresh"
  }

  has(text: string, lookup: InFlightLookup<Answer, E>): boolean {
    return this.#byText.get(text) === lookup
  }

  remove(text: string, lookup: InFlightLookup<Answer, E>): void {
    if (this.has(text, lookup)) this.#byText.delete(text)
  }

  /** Removes the lookup of a key, which still counts for readers that share it already. */
  removeAny(text: string): void {
    this.#byText.delete(text)
  }

  /** The lookup of a key that has ended and whose value is on its way into the cache. */
  ended(text: string): InFlightLookup<Answer, E> | undefined {
    const lookup = this.#byText.size === 0 ? undefined : this.#byText.get(text)
    return lookup?.exit === undefined ? undefined : lookup
  }

  /** True if the value of a lookup that has ended is as good as one in the cache, by a snapshot of now. */
  isCurrent(lookup: InFlightLookup<Answer, E>, snapshot: Snapshot | undefined, now: number): boolean {
    const isRecent = !lookup.isOutdated && lookup.tagChanges === this.tagChanges && now < lookup.freshUntil
    return isRecent && snapshot !== undefined && lookup.isUnder(snapshot)
  }

  /**
   * The lookup of a key that its reader may share: one that began after the reader came, or under the generations that the
   * reader has seen since. Where those could not be read, or none could be made, any that no invalidation of this process
   * outdates.
   */
  shared({ since, snapshot, text }: LookupRequest<unknown>, now: number): InFlightLookup<Answer, E> | undefined {
    const lookup = this.#byText.get(text)
    if (lookup === undefined || lookup.tagChanges !== this.tagChanges) return undefined
    const isShared =
      lookup.exit === undefined
        ? snapshot === undefined || lookup.isAfter(since) || lookup.isUnder(snapshot)
        : this.isCurrent(lookup, snapshot, now)
    return isShared ? lookup : undefined
  }

  /** Forgets the lookups of some keys, or of all, except for their subscribers. */
  outdate(texts: Iterable<string> = this.#byText.keys()): void {
    for (const text of Array.from(texts)) {
      const lookup = this.#byText.get(text)
      this.#byText.delete(text)
      lookup?.outdate()
    }
  }
}
