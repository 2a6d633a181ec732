/**
 * The state of one cache in this process, which all of its `Cached` share, by whatever layers they use it.
 *
 * @internal
 */
import { PendingInvalidations } from "./PendingInvalidations.ts"

/** The most namespaces of `Cached` whose pending invalidations are shared while there are none. */
const mostNamespaces = 1_000

export class CacheState {
  /** The pending invalidations of tags. */
  readonly pending = new PendingInvalidations()
  /** Counts the beginnings and ends of invalidations of tags: no later reader shares a lookup from before one of them. */
  changes = 0
  /** Those of keys, by the namespaces of `Cached`. */
  readonly #pendingKeys = new Map<string, PendingInvalidations>()
  /** Keeps the state in memory while it is needed. */
  readonly retain: () => void

  constructor(retain: () => void) {
    this.retain = retain
  }

  get isNeeded(): boolean {
    return !this.pending.isEmpty || Array.from(this.#pendingKeys.values()).some(({ isEmpty }) => !isEmpty)
  }

  /** Adds a pending invalidation of a tag. */
  add(tag: string): void {
    this.pending.add([tag])
    this.retain()
  }

  /** The pending invalidations of the keys of every `Cached` of this namespace. */
  pendingKeysOf(namespace: string): PendingInvalidations {
    const known = this.#pendingKeys.get(namespace)
    if (known !== undefined) return known
    if (this.#pendingKeys.size >= mostNamespaces) {
      for (const [name, { isEmpty }] of this.#pendingKeys) if (isEmpty) this.#pendingKeys.delete(name)
    }
    const pending = new PendingInvalidations()
    this.#pendingKeys.set(namespace, pending)
    return pending
  }
}
