/** One fiber of a storm: it writes keys of its own and reads everybody's. */
import { CacheError, type CachePort } from "@hexcache/cache-port"
import { Cause, Effect, Exit, Fiber, Option } from "effect"
import type { Ledger, Outcome } from "./Ledger.ts"
import type { Observed } from "./Observed.ts"
import type { Random } from "./random.ts"

type Cache = CachePort["Service"]

/** The number of fibers that run side by side. */
export const fibers = 100

const valueKeys = 3
const groupKeys = 5
const counters = 10

export class Asker {
  readonly random: Random
  readonly #index: number
  readonly #cache: Cache
  readonly #ledger: Ledger
  readonly #observed: Observed
  /** The last sum of each counter that this fiber has seen. */
  #sums = new Map<string, number>()

  constructor(index: number, cache: Cache, ledger: Ledger, observed: Observed, random: Random) {
    this.#index = index
    this.#cache = cache
    this.#ledger = ledger
    this.#observed = observed
    this.random = random
  }

  /** The next operation. */
  readonly next = (): Effect.Effect<unknown> => {
    const dice = this.random.below(100)
    if (dice < 35) return this.#get()
    if (dice < 55) return this.#set(`value-${this.#index}-${this.random.below(valueKeys)}`)
    if (dice < 70) return this.#increment()
    if (dice < 80) return this.#getMany()
    if (dice < 87) return this.#setGroup()
    if (dice < 94) return this.#getGroup()
    if (dice < 97) return this.#set(`removed-${this.#index}`)
    return this.#removeMany()
  }

  /** Asks, and one time in twenty gives up before the end. */
  #ask<A>(name: string, asked: Effect.Effect<A, CacheError>): Effect.Effect<Exit.Exit<A, CacheError>> {
    if (this.random.below(20) > 0) return this.#observed.observe(name, asked)
    const millis = this.random.below(20)
    return this.#observed.observe(
      name,
      Effect.flatMap(Effect.forkChild(asked), (fiber) =>
        Effect.andThen(Effect.sleep(millis), Effect.andThen(Fiber.interrupt(fiber), Fiber.join(fiber)))
      )
    )
  }

  #text(key: string, version: number): string {
    return `${key}|${version}|${".".repeat(this.random.below(200))}`
  }

  #anyKey(): string {
    const fiber = this.random.below(fibers)
    return this.random.below(5) === 0 ? `removed-${fiber}` : `value-${fiber}-${this.random.below(valueKeys)}`
  }

  #get() {
    const key = this.#anyKey()
    const before = this.#ledger.beginRead(key)
    return Effect.map(this.#ask("get", this.#cache.get(key)), (exit) => {
      if (!Exit.isSuccess(exit)) return
      this.#ledger.endRead(key, key, Option.getOrUndefined(exit.value), before, key.startsWith("removed"))
    })
  }

  #getMany() {
    const keys = Array.from(new Set(Array.from({ length: 1 + this.random.below(20) }, () => this.#anyKey())))
    const before = new Map(keys.map((key) => [key, this.#ledger.beginRead(key)]))
    return Effect.map(this.#ask("getMany", this.#cache.getMany(keys)), (exit) => {
      if (!Exit.isSuccess(exit)) return
      for (const [key, known] of before) {
        const text = Option.getOrUndefined(exit.value.get(key) ?? Option.none())
        this.#ledger.endRead(key, key, text, known, key.startsWith("removed"))
      }
    })
  }

  #set(key: string) {
    const writing = this.#ledger.beginWrite(key)
    return Effect.map(this.#ask("set", this.#cache.set(key, this.#text(key, writing.version))), (exit) =>
      this.#ledger.endWrite(writing, outcomeOf(exit))
    )
  }

  #setGroup() {
    const group = `group-${this.#index}`
    const writing = this.#ledger.beginWrite(group)
    const entries = groupOf(group).map((key) => [key, this.#text(key, writing.version)] as const)
    return Effect.map(this.#ask("setMany", this.#cache.setMany(entries)), (exit) =>
      this.#ledger.endWrite(writing, outcomeOf(exit))
    )
  }

  #getGroup() {
    const group = `group-${this.random.below(fibers)}`
    const before = this.#ledger.beginRead(group)
    return Effect.map(this.#ask("getMany", this.#cache.getMany(groupOf(group))), (exit) => {
      if (!Exit.isSuccess(exit)) return
      const versions = Array.from(exit.value, ([key, text]) =>
        this.#ledger.endRead(group, key, Option.getOrUndefined(text), before)
      )
      this.#ledger.isOneVersion(group, versions)
    })
  }

  #removeMany() {
    const key = `removed-${this.#index}`
    this.#ledger.beginRemoval(key)
    return this.#ask("deleteMany", this.#cache.deleteMany([key, `never-${this.#index}`]))
  }

  #increment() {
    const { epoch } = this.#ledger
    const key = `count-${this.random.below(counters)}-${epoch}`
    const counter = this.#ledger.counter(key)
    counter.issued++
    const last = this.#sums.get(key) ?? 0
    return Effect.map(this.#ask("increment", this.#cache.increment(key)), (exit) => {
      const outcome = outcomeOf(exit)
      if (outcome === "Executed") counter.acknowledged++
      if (outcome === "NotExecuted") counter.notExecuted++
      if (!Exit.isSuccess(exit) || epoch !== this.#ledger.epoch) return
      // Within one life of the server, whoever counts sees larger and larger sums.
      if (exit.value <= last || exit.value > counter.issued) this.#ledger.isWrongCount(key, exit.value, last)
      this.#sums.set(key, exit.value)
    })
  }
}

const groupOf = (group: string): ReadonlyArray<string> =>
  Array.from({ length: groupKeys }, (_, index) => `${group}-${index}`)

const outcomeOf = (exit: Exit.Exit<unknown, CacheError>): Outcome => {
  if (Exit.isSuccess(exit)) return "Executed"
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError ? error.outcome : "Unknown"
}
