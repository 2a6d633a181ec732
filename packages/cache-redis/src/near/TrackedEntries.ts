/**
 * Values that may be served from memory, because the server reports their changes:
 * https://redis.io/docs/latest/develop/reference/client-side-caching/
 *
 * The server remembers which keys a connection has read, and reports in the same stream as the replies when one of them is
 * written or removed, expires, is evicted, or gets another time to live. From that follow the rules of this file:
 *
 * - A value is kept only if no report and no write of this process has changed its key since the read was sent: the
 *   message may overtake the reply, which is held until its fence comes back.
 * - Nothing is kept beyond the loss of the connection.
 * - Nothing is served unless a command that was sent recently has its reply: on a connection that is cut without a word,
 *   or to a server that stands still, no message comes.
 *
 * @internal
 */
import { Async } from "@hexcache/cache-port"
import type { KeyChangeListener } from "../connection/KeyChangeListener.ts"
import { Doorkeeper } from "./Doorkeeper.ts"
import { type SieveBounds, SieveCache, SieveEntry } from "./SieveCache.ts"

/** The bounds of a near cache, checked. */
export interface TrackedEntriesOptions extends SieveBounds {
  /** The longest time that a value is served, in milliseconds. */
  readonly ttl: number
  /** The age of the last proof at which nothing is served any more, in milliseconds. */
  readonly silence: number
}

/** The most changed keys that are remembered. Beyond that every read in flight counts as changed. */
const keysRemembered = 1_000

const never = Number.NEGATIVE_INFINITY

/** The values that one connection has read, for as long as they are the server's. */
export class TrackedEntries implements KeyChangeListener {
  readonly #options: TrackedEntriesOptions
  readonly #entries: SieveCache
  readonly #doorkeeper: Doorkeeper
  #isOn = false
  #provedAt = never
  /** When serving ends, and when another proof is due, on `performance`'s clock. */
  #servedUntil = never
  #proofDueAt = never
  /** The number of changes so far. */
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

  /** Serves from the next proof on. */
  begin(): void {
    this.#isOn = true
  }

  /** Forgets everything: the connection is lost. */
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

  /** Takes the proof that every earlier report has arrived. */
  proved(sentAt: number): void {
    if (this.#isOn && sentAt > this.#provedAt) this.#prove(sentAt)
  }

  /** True if another proof is due, so that it is there before the last one is too old. */
  needsProof(now: number): boolean {
    return now >= this.#proofDueAt
  }

  /** Returns the value of the key that is `prefix` and `key` together, or `Async` if none may be served now. */
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

  /** The number of changes so far, which a read hands back with its value. */
  get moment(): number {
    return this.#changes
  }

  /** True if the value of a read that was sent at this moment is still the server's. */
  isCurrent(key: string, moment: number): boolean {
    return this.#isOn && moment >= this.#changedAll && moment >= (this.#changed.get(key) ?? 0)
  }

  /** True if such a value is current, and its key is not read for the first time. */
  isWorthKeeping(key: string, moment: number): boolean {
    return this.isCurrent(key, moment) && this.#doorkeeper.knows(key)
  }

  /** Keeps a value, if it is current, for at most so many milliseconds from an instant on `performance`'s clock. */
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
