/**
 * A cache on a `Map`, by `Clock`, that a test looks into, breaks and holds.
 */
import { type CacheDriver, CachePort, DriverFailure, Glob, TimeToLive, Unavailable } from "@hexcache/cache-port"
import { Clock, Duration, Effect, Stream } from "effect"

/** An operation that reached the store. */
export interface Asked {
  readonly operation: keyof CacheDriver
  readonly keys: ReadonlyArray<string>
}

export class MapStore {
  readonly entries = new Map<string, { readonly value: string; readonly end: number }>()
  /** Every operation so far. */
  asked: Array<Asked> = []
  /** True for an operation that fails, without effect. */
  fails: (asked: Asked) => boolean = () => false
  /** Effects that run before and after an operation. */
  before: (asked: Asked) => Effect.Effect<unknown> = () => Effect.void
  after: (asked: Asked) => Effect.Effect<unknown> = () => Effect.void
  readonly cache: CachePort["Service"]

  constructor() {
    this.cache = CachePort.fromDriver(this.driver)
  }

  /** The number of calls of an operation. */
  count(operation: keyof CacheDriver): number {
    return this.asked.filter((asked) => asked.operation === operation).length
  }

  /** The stored names with an ending. */
  names(end = ""): ReadonlyArray<string> {
    return Array.from(this.entries.keys()).filter((name) => name.endsWith(end))
  }

  /** The names of the entries of a key, without that of its generation. */
  entryNames(key: string | number): ReadonlyArray<string> {
    return this.names(`:{:${key}}`).filter((name) => name.split(":").length > 3)
  }

  #ask<A>(operation: keyof CacheDriver, keys: ReadonlyArray<string>, answer: (now: number) => A) {
    const asked = { operation, keys }
    const carriedOut = Effect.gen({ self: this }, function* () {
      this.asked.push(asked)
      yield* this.before(asked)
      if (this.fails(asked)) return yield* Effect.fail(new DriverFailure(new Unavailable({ message: "by the test" })))
      const value = answer(yield* Clock.currentTimeMillis)
      yield* this.after(asked)
      return value
    })
    return carriedOut
  }

  #read(key: string, now: number): string | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined || now < entry.end) return entry?.value
    this.entries.delete(key)
    return undefined
  }

  #write(key: string, value: string, ttl: number | undefined, now: number): void {
    this.entries.set(key, { value, end: now + (ttl ?? Infinity) })
  }

  #remove(key: string, now: number): boolean {
    return this.#read(key, now) !== undefined && this.entries.delete(key)
  }

  readonly driver: CacheDriver = {
    get: (key) => this.#ask("get", [key], (now) => this.#read(key, now)),
    getMany: (keys) => this.#ask("getMany", keys, (now) => keys.map((key) => this.#read(key, now))),
    set: (key, value, ttl) => this.#ask("set", [key], (now) => this.#write(key, value, ttl, now)),
    setMany: (entries, ttl) => {
      const keys = entries.map(([key]) => key)
      return this.#ask("setMany", keys, (now) => {
        for (const [key, value] of entries) this.#write(key, value, ttl, now)
      })
    },
    setIfAbsent: (key, value, ttl) =>
      this.#ask("setIfAbsent", [key], (now) => {
        if (this.#read(key, now) !== undefined) return false
        this.#write(key, value, ttl, now)
        return true
      }),
    deleteMany: (keys) => this.#ask("deleteMany", keys, (now) => keys.filter((key) => this.#remove(key, now)).length),
    getAndDelete: (key) =>
      this.#ask("getAndDelete", [key], (now) => {
        const value = this.#read(key, now)
        this.entries.delete(key)
        return value
      }),
    compareAndDelete: (key, expected) =>
      this.#ask("compareAndDelete", [key], (now) => this.#read(key, now) === expected && this.entries.delete(key)),
    getAndExpire: (key, ttl) =>
      this.#ask("getAndExpire", [key], (now) => {
        const value = this.#read(key, now)
        if (value !== undefined) this.#write(key, value, ttl, now)
        return value
      }),
    compareAndExpire: (key, expected, ttl) =>
      this.#ask("compareAndExpire", [key], (now) => {
        const isEqual = this.#read(key, now) === expected
        if (isEqual) this.#write(key, expected, ttl, now)
        return isEqual
      }),
    exists: (key) => this.#ask("exists", [key], (now) => this.#read(key, now) !== undefined),
    expire: (key, ttl) =>
      this.#ask("expire", [key], (now) => {
        const value = this.#read(key, now)
        if (value !== undefined) this.#write(key, value, ttl, now)
        return value !== undefined
      }),
    ttl: (key) =>
      this.#ask("ttl", [key], (now) => {
        if (this.#read(key, now) === undefined) return TimeToLive.Missing()
        const end = this.entries.get(key)?.end ?? 0
        return end === Infinity
          ? TimeToLive.Persistent()
          : TimeToLive.Expires({ remaining: Duration.millis(end - now) })
      }),
    increment: (key, amount, ttl) =>
      this.#ask("increment", [key], (now) => {
        const sum = Number(this.#read(key, now) ?? 0) + amount
        this.#write(key, String(sum), ttl, now)
        return sum
      }),
    scan: () => Stream.fromEffect(this.#ask("scan", [], () => Array.from(this.entries.keys()))),
    deletePattern: (pattern) =>
      this.#ask("deletePattern", [], (now) => {
        const matching = this.names().filter((name) => Glob.matches(pattern, name))
        return matching.filter((name) => this.#remove(name, now)).length
      }),
    flush: this.#ask("flush", [], () => this.entries.clear()),
    ping: this.#ask("ping", [], () => undefined)
  }
}
