/**
 * What may be served from memory, because the server tells when it changes: https://redis.io/docs/latest/develop/reference/client-side-caching/
 *
 * The server remembers which keys a connection has read, and tells it in the same stream as the replies when one of them
 * is written, removed, given another time to live, expired or evicted. From that follow the rules of this file:
 *
 * - What was read is kept only when nothing was heard of its key, and nothing sent that changes it, since the read was
 *   asked for: the message may overtake the answer, which is held until its marker is back.
 * - Nothing is kept beyond the loss of the connection.
 * - Nothing is served unless something sent lately was answered: on a connection that is cut without a word, or to a
 *   server that stands still, no message comes.
 *
 * @internal
 */
import { Async } from "@hexcache/cache-port"
import type { KeyChangeListener } from "../connection/KeyChangeListener.ts"
import { Doorkeeper } from "./Doorkeeper.ts"
import { type SieveBounds, SieveCache, SieveEntry } from "./SieveCache.ts"

/** The bounds of a near cache, checked. */
export interface TrackedEntriesOptions extends SieveBounds {
  /** How long a value is served at most, in milliseconds. */
  readonly ttl: number
  /** How long nothing may be answered until nothing is served, in milliseconds. */
  readonly silence: number
}

/** Keys of which it is remembered that they changed. Beyond that all reads in flight count as of keys that did. */
const keysRemembered = 1_000

const never = Number.NEGATIVE_INFINITY

/** The values that one connection has read, for as long as they are the server's. */
export class TrackedEntries implements KeyChangeListener {
  readonly #options: TrackedEntriesOptions
  readonly #entries: SieveCache
  readonly #doorkeeper: Doorkeeper
  #isOn = false
  #provedAt = never
  /** From when on nothing is served, and from when on another proof is due. */
  #servedUntil = never
  #proofDueAt = never
  /** How many changes there were so far. */
  #changes = 0
  /** By key, the number of its last change. */
  readonly #changed = new Map<string, number>()
  /** The number of the last change that may have been of any key. */
  #changedAll = 0

  constructor(options: TrackedEntriesOptions) {
    this.#options = options
    this.#entries = new SieveCache(options)
    this.#doorkeeper = new Doorkeeper(options.maxEntries)
  }

  /** The server tells of changes from now on. */
  begin(): void {
    this.#isOn = true
  }

  /** The server tells nothing from now on. */
  end(): void {
    this.#isOn = false
    this.#prove(never)
    this.everyKeyChanged()
  }

  keyChanged(key: string): void {
    this.#entries.delete(key)
    this.#changed.set(key, ++this.#changes)
    if (this.#changed.size <= keysRemembered) return
    this.#changed.clear()
    this.#changedAll = this.#changes
  }

  everyKeyChanged(): void {
    this.#entries.clear()
    this.#changed.clear()
    this.#changedAll = ++this.#changes
  }

  /** What was sent at an instant on `performance`'s clock was answered: of all changes before it, this process knows. */
  proved(sentAt: number): void {
    if (this.#isOn && sentAt > this.#provedAt) this.#prove(sentAt)
  }

  /** Whether the server is to be asked for another proof, so that it is there before the last one is too old. */
  needsProof(now: number): boolean {
    return now >= this.#proofDueAt
  }

  /** What a read of the key that is `prefix` and `key` together is answered with, where that may be served now. */
  find(prefix: string, key: string, now: number): string | undefined | Async {
    if (now >= this.#servedUntil) return Async
    const entry = this.#entries.get(prefix, key)
    if (entry === undefined) return Async
    if (entry.end <= now) {
      this.#entries.delete(entry.key)
      return Async
    }
    entry.visited = true
    return entry.value
  }

  /** What a read that is asked for now hands back with its answer. */
  get moment(): number {
    return this.#changes
  }

  /** Whether what was asked for at a moment is still what the server has. */
  isCurrent(key: string, moment: number): boolean {
    return this.#isOn && moment >= this.#changedAll && moment >= (this.#changed.get(key) ?? 0)
  }

  /** Whether what was asked for at a moment is to be kept: it is current, and its key is not read for the first time. */
  isWorthKeeping(key: string, moment: number): boolean {
    return this.isCurrent(key, moment) && this.#doorkeeper.knows(key)
  }

  /** Keeps what was asked for at a moment, if it is current, for so many milliseconds at most from an instant. */
  keep(key: string, value: string | undefined, moment: number, from: number, millis: number): void {
    if (!this.isCurrent(key, moment)) return
    this.#entries.add(new SieveEntry(key, value, from + Math.min(millis, this.#options.ttl)))
  }

  #prove(at: number): void {
    const { silence } = this.#options
    this.#provedAt = at
    this.#servedUntil = at + silence
    this.#proofDueAt = at + silence / 3
  }
}
