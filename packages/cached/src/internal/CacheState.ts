/**
 * The state of one cache in this process, which all of its `Cached` share, by whatever layers they use it.
 *
 * @internal
 */
import { NamespaceState } from "./NamespaceState.ts"
import { PendingInvalidations } from "./PendingInvalidations.ts"

/** The number of namespaces of `Cached` at which those that nobody uses are forgotten. */
const mostNamespaces = 1_000

export class CacheState {
  /** The pending invalidations of tags. */
  readonly pending = new PendingInvalidations()
  /** Counts the beginnings and ends of invalidations of tags: no later reader shares a lookup from before one of them. */
  changes = 0
  readonly #namespaces = new Map<string, NamespaceState>()
  /** Keeps the state in memory while it is needed. */
  readonly retain: () => void

  constructor(retain: () => void) {
    this.retain = retain
  }

  get isNeeded(): boolean {
    return !this.pending.isEmpty || Array.from(this.#namespaces.values()).some(({ pending }) => !pending.isEmpty)
  }

  /** Adds a pending invalidation of a tag. */
  add(tag: string): void {
    this.pending.add([tag])
    this.retain()
  }

  /** The state that every `Cached` of this namespace shares. */
  namespaceOf(namespace: string): NamespaceState {
    const known = this.#namespaces.get(namespace)
    if (known !== undefined) return known
    if (this.#namespaces.size >= mostNamespaces) {
      for (const [name, { isNeeded }] of this.#namespaces) if (!isNeeded) this.#namespaces.delete(name)
    }
    const made = new NamespaceState()
    this.#namespaces.set(namespace, made)
    return made
  }
}
