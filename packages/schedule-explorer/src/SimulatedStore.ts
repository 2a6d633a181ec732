/**
 * The store that the simulated processes share: a map with times to live, whose operations are atomic.
 */
import { TimeToLive } from "@hexcache/cache-port"
import { Duration } from "effect"

interface Cell {
  readonly value: string
  readonly end: number
}

export class SimulatedStore {
  #cells = new Map<string, Cell>()
  #snapshot: ReadonlyMap<string, Cell> = new Map()
  readonly #now: () => number
  readonly #onChange: (key: string) => void

  constructor(now: () => number, onChange: (key: string) => void) {
    this.#now = now
    this.#onChange = onChange
  }

  /** The live keys, sorted. */
  keys(): ReadonlyArray<string> {
    return Array.from(this.#cells.keys())
      .filter((key) => this.get(key) !== undefined)
      .sort()
  }

  /** When a key ends, in milliseconds. */
  endOf(key: string): number {
    return this.#cells.get(key)?.end ?? 0
  }

  get(key: string): string | undefined {
    const cell = this.#cells.get(key)
    return cell !== undefined && this.#now() < cell.end ? cell.value : undefined
  }

  set(key: string, value: string, ttl: number | undefined): void {
    this.#cells.set(key, { value, end: this.#now() + (ttl ?? Number.POSITIVE_INFINITY) })
    this.#onChange(key)
  }

  setIfAbsent(key: string, value: string, ttl: number | undefined): boolean {
    if (this.get(key) !== undefined) return false
    this.set(key, value, ttl)
    return true
  }

  delete(key: string): boolean {
    const isLive = this.get(key) !== undefined
    this.#cells.delete(key)
    if (isLive) this.#onChange(key)
    return isLive
  }

  /** Remembers all that it holds. */
  takeSnapshot(): void {
    this.#snapshot = new Map(this.#cells)
  }

  /** Goes back to what it held at the snapshot. */
  goBack(): void {
    this.#replaceBy(this.#snapshot)
  }

  empty(): void {
    this.#replaceBy(new Map())
  }

  #replaceBy(cells: ReadonlyMap<string, Cell>): void {
    const names = new Set([...this.#cells.keys(), ...cells.keys()])
    this.#cells = new Map(cells)
    for (const key of names) this.#onChange(key)
  }

  compareAndDelete(key: string, expected: string): boolean {
    return this.get(key) === expected && this.delete(key)
  }

  expire(key: string, ttl: number | undefined): boolean {
    const value = this.get(key)
    if (value === undefined) return false
    if (ttl === 0) this.delete(key)
    else this.set(key, value, ttl)
    return true
  }

  ttl(key: string): TimeToLive {
    const cell = this.#cells.get(key)
    if (cell === undefined || this.get(key) === undefined) return TimeToLive.Missing()
    if (cell.end === Number.POSITIVE_INFINITY) return TimeToLive.Persistent()
    return TimeToLive.Expires({ remaining: Duration.millis(cell.end - this.#now()) })
  }

  increment(key: string, amount: number, ttl: number | undefined): number {
    const old = this.get(key)
    const sum = Number(old ?? 0) + amount
    const left = this.endOf(key) - this.#now()
    this.set(key, String(sum), old === undefined ? ttl : Number.isFinite(left) ? left : undefined)
    return sum
  }
}
