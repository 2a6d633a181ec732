/**
 * The waits of lookups for each other: a lookup may read further keys, and none must wait for itself.
 *
 * Keys that are looked up together wait for each other, and a `getMany` starts few of its lookups at a time. So a lookup may
 * read a key whose lookup waits for it, directly or through others, although no key depends on itself.
 *
 * @internal
 */
import { Context } from "effect"

/** A lookup that others may wait for. */
interface Awaited {
  readonly exit: unknown
  /** The waits of the lookups that run together with it. */
  readonly waits: LookupWaits | undefined
}

/** The fewest waits at which those that are over are forgotten. */
const least = 16

/** The waits of lookups that run together. */
export class LookupWaits {
  /** The number of keys that are looked up together. */
  size = 0
  /** Those of the lookups whose reads began these. */
  #outer: ReadonlyArray<LookupWaits>
  #awaited: Set<Awaited> | undefined
  #most = least
  /** The key, where it is the only one: the lookups of a `Cached`, and the key's text. */
  #only: readonly [owner: object, text: string] | undefined

  constructor(outer: ReadonlyArray<LookupWaits>) {
    this.#outer = outer
  }

  /** Notes the number of the keys, of which `text` is one. */
  begin(owner: object, size: number, text: string): void {
    this.size = size
    if (size === 1) this.#only = [owner, text]
  }

  end(): void {
    this.#outer = []
    this.#awaited = undefined
  }

  add(lookup: Awaited): void {
    if (lookup.exit !== undefined) return
    this.#awaited ??= new Set()
    if (this.#awaited.size >= this.#most) {
      for (const awaited of this.#awaited) if (awaited.exit !== undefined) this.#awaited.delete(awaited)
      this.#most = Math.max(least, 2 * this.#awaited.size)
    }
    this.#awaited.add(lookup)
  }

  /** True if these are `others`, or wait for them. */
  reach(others: LookupWaits): boolean {
    const found = new Set<LookupWaits>([this])
    for (const waits of found) {
      if (waits === others) return true
      for (const { exit, waits: next } of waits.#awaited ?? [])
        if (exit === undefined && next !== undefined) found.add(next)
    }
    return false
  }

  /** True if these, or those that wait for them from their beginning on, look up this key and no other. */
  areOf(owner: object, text: string): boolean {
    const found = new Set<LookupWaits>([this])
    for (const waits of found) {
      if (waits.#only?.[0] === owner && waits.#only[1] === text) return true
      for (const outer of waits.#outer) found.add(outer)
    }
    return false
  }
}

/** The waits of the lookup that a fiber works for. */
export const CurrentWaits = Context.Reference<LookupWaits | undefined>("@hexcache/cached/CurrentWaits", {
  defaultValue: () => undefined
})
