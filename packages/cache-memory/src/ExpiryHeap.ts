/**
 * Which entry expires next: a binary heap of slots that knows the place of each, so that any of them leaves in
 * logarithmic time and none is left behind. Takes no memory until something expires.
 *
 * @internal
 */
import { grown, lengthFor } from "./SlotArrays.ts"

/** Slots ordered by when they expire. Those that never expire are not kept. */
export class ExpiryHeap {
  #size = 0
  /** The heap: slots, each before those that it has at twice its place and one more. */
  #slots = new Int32Array(0)
  /** By slot: when it expires, in milliseconds since the epoch, and `Infinity` outside of the heap. */
  #times = new Float64Array(0)
  /** By slot: its place in the heap. */
  #places = new Int32Array(0)

  /** The number of slots that expire. */
  get size(): number {
    return this.#size
  }

  /** The slot that expires first, of those that have expired; -1 when none has. */
  firstExpired(now: number): number {
    return this.#size > 0 && (this.#times[this.#slots[0] as number] as number) <= now ? (this.#slots[0] as number) : -1
  }

  /** When a slot expires, `Infinity` for never. */
  timeOf(slot: number): number {
    return slot < this.#times.length ? (this.#times[slot] as number) : Infinity
  }

  /** Gives a slot its time, `Infinity` for never. */
  set(slot: number, time: number): void {
    const before = this.timeOf(slot)
    if (time === before) return
    if (time === Infinity) {
      this.remove(slot)
      return
    }
    if (before === Infinity) this.#append(slot)
    this.#times[slot] = time
    if (time < before) this.#up(slot)
    else this.#down(slot)
  }

  remove(slot: number): void {
    if (this.timeOf(slot) === Infinity) return
    this.#times[slot] = Infinity
    const place = this.#places[slot] as number
    const last = this.#slots[--this.#size] as number
    if (last === slot) return
    this.#put(last, place)
    this.#up(last)
    this.#down(last)
  }

  clear(): void {
    this.#size = 0
    this.#slots = new Int32Array(0)
    this.#times = new Float64Array(0)
    this.#places = new Int32Array(0)
  }

  #append(slot: number): void {
    const known = this.#times.length
    if (slot >= known) {
      const length = lengthFor(slot, known)
      this.#times = grown(this.#times, length).fill(Infinity, known)
      this.#places = grown(this.#places, length)
    }
    if (this.#size === this.#slots.length) this.#slots = grown(this.#slots, lengthFor(this.#size, this.#size))
    this.#put(slot, this.#size++)
  }

  #put(slot: number, place: number): void {
    this.#slots[place] = slot
    this.#places[slot] = place
  }

  #up(slot: number): void {
    const time = this.#times[slot] as number
    let place = this.#places[slot] as number
    while (place > 0) {
      const parent = this.#slots[(place - 1) >> 1] as number
      if ((this.#times[parent] as number) <= time) break
      this.#put(parent, place)
      place = (place - 1) >> 1
    }
    this.#put(slot, place)
  }

  #down(slot: number): void {
    const time = this.#times[slot] as number
    let place = this.#places[slot] as number
    for (;;) {
      const left = 2 * place + 1
      if (left >= this.#size) break
      const next = left + 1 < this.#size && this.#timeAt(left + 1) < this.#timeAt(left) ? left + 1 : left
      if (this.#timeAt(next) >= time) break
      this.#put(this.#slots[next] as number, place)
      place = next
    }
    this.#put(slot, place)
  }

  #timeAt(place: number): number {
    return this.#times[this.#slots[place] as number] as number
  }
}
