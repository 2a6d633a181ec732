/**
 * Which entry expires next: a binary heap whose entries know their place, so that any of them leaves in logarithmic
 * time and none is left behind.
 *
 * @internal
 */

/** What the heap orders. */
export interface Expiring {
  /** In milliseconds since the epoch, `Infinity` for never; changed only outside the heap. */
  expiresAt: number
  /** Kept by the heap; -1 outside of it. */
  heapIndex: number
}

/** A binary heap by `expiresAt`. Entries that never expire are not kept. */
export class ExpiryHeap<E extends Expiring> {
  #entries: Array<E> = []

  /** The entry that expires first. */
  get first(): E | undefined {
    return this.#entries[0]
  }

  add(entry: E): void {
    if (entry.expiresAt === Infinity) return
    this.#place(entry, this.#entries.length)
    this.#up(entry)
  }

  remove(entry: E): void {
    const index = entry.heapIndex
    if (index < 0) return
    entry.heapIndex = -1
    const last = this.#entries.pop() as E
    if (last === entry) return
    this.#place(last, index)
    this.#up(last)
    this.#down(last)
  }

  clear(): void {
    this.#entries = []
  }

  #place(entry: E, index: number): void {
    this.#entries[index] = entry
    entry.heapIndex = index
  }

  #up(entry: E): void {
    while (entry.heapIndex > 0) {
      const index = entry.heapIndex
      const parent = this.#entries[(index - 1) >> 1] as E
      if (parent.expiresAt <= entry.expiresAt) return
      this.#place(parent, index)
      this.#place(entry, (index - 1) >> 1)
    }
  }

  #down(entry: E): void {
    for (;;) {
      const index = entry.heapIndex
      const left = this.#entries[2 * index + 1]
      const right = this.#entries[2 * index + 2]
      const child = right !== undefined && right.expiresAt < (left as E).expiresAt ? right : left
      if (child === undefined || child.expiresAt >= entry.expiresAt) return
      const childIndex = child.heapIndex
      this.#place(child, index)
      this.#place(entry, childIndex)
    }
  }
}
