/**
 * Queues of slots, all in the same two arrays.
 *
 * @internal
 */
import { grown } from "./SlotArrays.ts"

/** The neighbours of each slot in its queue. A slot is in one queue at most. */
export class Links {
  older = new Int32Array(0)
  newer = new Int32Array(0)

  grow(length: number): void {
    this.older = grown(this.older, length)
    this.newer = grown(this.newer, length)
  }
}

/** A queue of slots, from the oldest to the newest. */
export class SlotList {
  readonly #links: Links
  #newest = -1
  /** The slot that came first, -1 when there is none. */
  oldest = -1
  size = 0

  constructor(links: Links) {
    this.#links = links
  }

  add(slot: number): void {
    const { newer, older } = this.#links
    older[slot] = this.#newest
    newer[slot] = -1
    if (this.#newest === -1) this.oldest = slot
    else newer[this.#newest] = slot
    this.#newest = slot
    this.size++
  }

  remove(slot: number): void {
    const { newer, older } = this.#links
    const before = older[slot] as number
    const after = newer[slot] as number
    if (before === -1) this.oldest = after
    else newer[before] = after
    if (after === -1) this.#newest = before
    else older[after] = before
    this.size--
  }

  /** Makes a slot of this queue its newest. */
  renew(slot: number): void {
    if (slot === this.#newest) return
    this.remove(slot)
    this.add(slot)
  }

  clear(): void {
    this.#newest = -1
    this.oldest = -1
    this.size = 0
  }
}
