/**
 * The eviction policy of a bounded cache.
 *
 * Two queues, as in S3-FIFO. What is new waits in `trial`, ordered by use; what has proved itself lives in `main`, a
 * queue in which a used entry gets another round for each use, up to three. An entry proves itself by the test of LIRS:
 * it was used twice within the time that the oldest of `main` had its round. That holds for an entry used on trial, and
 * for one that was evicted and comes back, of which a ghost tells. So neither a scan nor a loop that is larger than the
 * cache drives out what is used often.
 *
 * Some work is best served by plain LRU. `LruWindow` tells which uses an LRU would have answered and which not: where
 * this policy misses what an LRU has, the trial grows, in the end to the whole cache, which is an LRU then; where it
 * has what an LRU misses, the trial shrinks again.
 *
 * Every operation takes constant time, and nothing depends on chance.
 *
 * @internal
 */
import { Ghosts } from "./Ghosts.ts"
import { LruWindow } from "./LruWindow.ts"
import { grown, lengthFor } from "./SlotArrays.ts"
import { Links, SlotList } from "./SlotList.ts"
import { isBefore } from "./Ticks.ts"

/** The part of the entries that are on trial at least. */
const smallestTrial = 0.1
/** The step by which the trial grows when an LRU would have done better, and shrinks when worse. */
const growth = 1.5
const shrinkage = 1
/** More uses than these count as these. */
const mostUses = 3
/** Entries that get another round at most before one is evicted, so that no operation waits for the whole queue. */
const mostRounds = 64

/** Chooses among slots, which the store numbers from 0. */
export class Eviction {
  readonly #links = new Links()
  readonly #trial = new SlotList(this.#links)
  readonly #main = new SlotList(this.#links)
  readonly #ghosts = new Ghosts()
  #lru = new LruWindow(0)
  #now = 0
  #trialSize = 1
  /** Until the cache is full for the first time, everything is in `main`. */
  #filling = true
  readonly #hashOf: (slot: number) => number
  /** By slot, 0 where it was not asked for yet: to read a key costs much where memory is slow. */
  #hashes = new Int32Array(0)
  #usedAt = new Int32Array(0)
  /** When the slot's round in `main` began. */
  #since = new Int32Array(0)
  #uses = new Uint8Array(0)
  #inMain = new Uint8Array(0)

  /** `hashOf` returns a hash, never 0, of the key in a slot. */
  constructor(hashOf: (slot: number) => number) {
    this.#hashOf = hashOf
  }

  /** An entry is new in the store. */
  enter(slot: number): void {
    if (slot >= this.#uses.length) this.#grow(slot)
    const now = this.#tick()
    const hash = this.#filling ? 0 : this.#hashOf(slot)
    const ghost = this.#filling ? undefined : this.#ghosts.take(hash)
    this.#lru.count(ghost, now, this.#size)
    if (ghost !== undefined && this.#lru.holds(ghost, now)) this.#resizeTrial(growth)
    this.#hashes[slot] = hash
    this.#usedAt[slot] = now
    this.#uses[slot] = 0
    if (this.#filling || (ghost !== undefined && this.#proves(ghost))) this.#enterMain(slot)
    else {
      this.#inMain[slot] = 0
      this.#trial.add(slot)
    }
  }

  /** An entry is read or written again. */
  use(slot: number): void {
    const now = this.#tick()
    const before = this.#usedAt[slot] as number
    this.#usedAt[slot] = now
    if ((this.#uses[slot] as number) < mostUses) (this.#uses[slot] as number)++
    if (!this.#lru.holds(before, now)) this.#resizeTrial(-shrinkage)
    this.#lru.count(before, now, this.#size)
    if (this.#inMain[slot] === 0) this.#trial.renew(slot)
  }

  /** An entry leaves the store for another reason than its eviction, or for as long as others are evicted. */
  leave(slot: number): void {
    this.#listOf(slot).remove(slot)
  }

  /** An entry that left is back. */
  back(slot: number): void {
    this.#listOf(slot).add(slot)
  }

  /** Takes out the entry to evict, of at least one. */
  evict(): number {
    if (this.#filling) {
      this.#filling = false
      this.#resizeTrial(0)
    }
    this.#ghosts.fit(this.#size)
    for (let rounds = 0; ; rounds++) {
      const fromTrial = this.#main.size === 0 || this.#trial.size > this.#trialSize
      const slot = fromTrial ? this.#trial.oldest : this.#main.oldest
      const used = this.#uses[slot] as number
      if (rounds < mostRounds && used > 0 && (!fromTrial || this.#proves(this.#usedAt[slot] as number))) {
        this.#uses[slot] = fromTrial ? 0 : used - 1
        this.leave(slot)
        this.#enterMain(slot)
        continue
      }
      this.leave(slot)
      this.#ghosts.add((this.#hashes[slot] as number) || this.#hashOf(slot), this.#usedAt[slot] as number)
      return slot
    }
  }

  clear(): void {
    this.#trial.clear()
    this.#main.clear()
    this.#ghosts.clear()
    this.#lru = new LruWindow(this.#now)
    this.#trialSize = 1
    this.#filling = true
  }

  get #size(): number {
    return this.#trial.size + this.#main.size
  }

  #tick(): number {
    this.#now = (this.#now + 1) | 0
    return this.#now
  }

  #listOf(slot: number): SlotList {
    return this.#inMain[slot] === 1 ? this.#main : this.#trial
  }

  #enterMain(slot: number): void {
    this.#inMain[slot] = 1
    this.#since[slot] = this.#now
    this.#main.add(slot)
  }

  /** True if an entry used at `tick` is used more often than the oldest of `main`. */
  #proves(tick: number): boolean {
    if (this.#main.size === 0) return this.#trialSize < this.#size
    return isBefore(this.#since[this.#main.oldest] as number, tick)
  }

  #resizeTrial(by: number): void {
    const size = this.#size
    this.#trialSize = Math.max(1, smallestTrial * size, Math.min(size, this.#trialSize + by))
  }

  #grow(slot: number): void {
    const length = lengthFor(slot, this.#uses.length)
    this.#links.grow(length)
    this.#hashes = grown(this.#hashes, length)
    this.#usedAt = grown(this.#usedAt, length)
    this.#since = grown(this.#since, length)
    this.#uses = grown(this.#uses, length)
    this.#inMain = grown(this.#inMain, length)
  }
}
