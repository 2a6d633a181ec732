/**
 * The state of one namespace of `Cached` on one cache in this process, which every `Cached` of that namespace shares, by
 * whatever layers it uses the cache.
 *
 * @internal
 */
import { LookupWrites } from "./LookupWrites.ts"
import { OngoingChanges } from "./OngoingChanges.ts"
import { PendingInvalidations } from "./PendingInvalidations.ts"

/** The lookups of one `Cached`. */
export interface Outdatable {
  /** Outdates the lookups of some keys, or of all: they began before a change. */
  readonly outdate: (texts: ReadonlySet<string> | undefined) => void
}

/** The fewest `Cached` at which those that are gone are forgotten. */
const least = 16

export class NamespaceState {
  /** The pending invalidations of keys. */
  readonly pending = new PendingInvalidations()
  readonly changes = new OngoingChanges()
  readonly writes = new LookupWrites()
  /** Weak, since a program may make a `Cached` for each request. */
  #lookups: Array<WeakRef<Outdatable>> = []
  #most = least

  /** True while a `Cached` uses it, or an invalidation is pending. */
  get isNeeded(): boolean {
    return !this.pending.isEmpty || this.#lookups.some((each) => each.deref() !== undefined)
  }

  /** Includes the lookups of another `Cached`, for as long as its maker keeps them. */
  add(lookups: Outdatable): void {
    if (this.#lookups.length >= this.#most) {
      this.#lookups = this.#lookups.filter((each) => each.deref() !== undefined)
      this.#most = Math.max(least, 2 * this.#lookups.length)
    }
    this.#lookups.push(new WeakRef(lookups))
  }

  /** Outdates the lookups of some keys, or of all, but for those of one `Cached`. */
  outdate(texts: ReadonlySet<string> | undefined, except?: Outdatable): void {
    for (const each of this.#lookups) {
      const lookups = each.deref()
      if (lookups !== except) lookups?.outdate(texts)
    }
  }
}
