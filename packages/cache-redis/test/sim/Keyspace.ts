/** The keys of one simulated server, and what they held when. */

/** The value of a key from an instant on, until the next one. */
export interface Held {
  readonly from: number
  readonly value: string | undefined
}

interface Entry {
  readonly value: string
  readonly expiresAt: number
}

/** How long it is remembered what a key held, in milliseconds. */
const remembered = 20_000

export class Keyspace {
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #histories = new Map<string, Array<Held>>()
  /** Hears of every key that changes, or expires. */
  onChange: (key: string) => void = () => {}

  constructor(now: () => number) {
    this.#now = now
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt > this.#now()) return entry.value
    this.#entries.delete(key)
    this.onChange(key)
    return undefined
  }

  set(key: string, value: string, expiresAt = Number.POSITIVE_INFINITY): void {
    this.#entries.set(key, { value, expiresAt })
    this.#remember(key, value, expiresAt)
    this.onChange(key)
  }

  delete(key: string): boolean {
    const isLive = this.get(key) !== undefined
    this.#entries.delete(key)
    if (isLive) {
      this.#remember(key, undefined)
      this.onChange(key)
    }
    return isLive
  }

  /** Milliseconds that are left, -1 for a key that never expires, -2 for none. */
  ttl(key: string): number {
    if (this.get(key) === undefined) return -2
    const { expiresAt } = this.#entries.get(key) as Entry
    return expiresAt === Number.POSITIVE_INFINITY ? -1 : Math.ceil(expiresAt - this.#now())
  }

  expire(key: string, expiresAt: number): boolean {
    const value = this.get(key)
    if (value === undefined) return false
    if (expiresAt <= this.#now()) return this.delete(key)
    this.set(key, value, expiresAt)
    return true
  }

  /** The live keys. */
  keys(): ReadonlyArray<string> {
    return [...this.#entries.keys()].filter((key) => this.get(key) !== undefined)
  }

  clear(): void {
    for (const key of this.#entries.keys()) this.#remember(key, undefined)
    this.#entries.clear()
  }

  /** All that another keyspace holds now, in place of what is here. */
  copy(other: Keyspace): void {
    this.clear()
    for (const [key, { value, expiresAt }] of other.#entries) this.set(key, value, expiresAt)
  }

  /** Copies the value that another keyspace holds at a key now. */
  copyKey(other: Keyspace, key: string): void {
    const entry = other.#entries.get(key)
    if (entry === undefined) this.delete(key)
    else this.set(key, entry.value, entry.expiresAt)
  }

  /** True if the key was ever held. */
  knows(key: string): boolean {
    return this.#histories.has(key)
  }

  /** The values of a key since an instant, oldest first; the first one began before. */
  since(key: string, from: number): ReadonlyArray<Held> {
    const history = this.#histories.get(key) ?? []
    let begin = history.length
    while (begin > 0 && (history[begin - 1] as Held).from > from) begin--
    const before: Held = history[begin - 1] ?? { from: 0, value: undefined }
    return [before, ...history.slice(begin)]
  }

  #remember(key: string, value: string | undefined, expiresAt = Number.POSITIVE_INFINITY): void {
    const now = this.#now()
    const history = this.#histories.get(key) ?? []
    this.#histories.set(key, history)
    // An end that was ahead, and is no longer.
    if ((history.at(-1)?.from ?? 0) > now) history.pop()
    history.push({ from: now, value })
    if (expiresAt !== Number.POSITIVE_INFINITY) history.push({ from: expiresAt, value: undefined })
    if (history.length > 64) {
      const old = history.findLastIndex(({ from }) => from < now - remembered)
      if (old > 0) history.splice(0, old)
    }
  }
}
