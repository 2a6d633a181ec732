/**
 * Callers that use a few keys of a cache at once, and what they were answered.
 */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Option } from "effect"
import type { Event, History, Operation, Outcome } from "./History.ts"
import { wrongType } from "./Register.ts"

export interface WorkloadOptions {
  /** The clients of one store; the callers take turns with them. */
  readonly caches: ReadonlyArray<CachePort["Service"]>
  /** The prefix of the keys, so that they are new. */
  readonly prefix: string
  readonly callers: number
  readonly keys: number
  /** The number of operations of each caller. */
  readonly operations: number
  /** Numbers from 0 to 1. */
  readonly random: () => number
  /** Runs between two operations of a caller. */
  readonly pause?: Effect.Effect<void>
  /** False for an operation that no caller may draw. By default they draw from all. */
  readonly isPossible?: (operation: Operation) => boolean
  /** True once the callers are to end before they have run all their operations. */
  readonly isOver?: () => boolean
  /** When something happens, in a unit that grows. */
  readonly now: () => number
}

const hour = { ttl: "1 hour" } as const
const options = (expires: boolean) => (expires ? hour : {})

const run = (cache: CachePort["Service"], key: string, operation: Operation): Effect.Effect<unknown, CacheError> => {
  switch (operation.name) {
    case "get":
      return Effect.map(cache.get(key), Option.getOrUndefined)
    case "exists":
      return cache.exists(key)
    case "ttl":
      return Effect.map(cache.ttl(key), ({ _tag }) => _tag)
    case "set":
      return cache.set(key, operation.value, options(operation.expires))
    case "setIfAbsent":
      return cache.setIfAbsent(key, operation.value, options(operation.expires))
    case "delete":
      return cache.delete(key)
    case "getAndDelete":
      return Effect.map(cache.getAndDelete(key), Option.getOrUndefined)
    case "compareAndDelete":
      return cache.compareAndDelete(key, operation.expected)
    case "expire":
      return cache.expire(key, operation.expires ? hour.ttl : Number.POSITIVE_INFINITY)
    case "increment":
      return cache.increment(key, operation.amount)
  }
}

/** Undefined for what was certainly not carried out. */
const outcomeOf = (operation: Effect.Effect<unknown, CacheError>): Effect.Effect<Outcome | undefined> =>
  Effect.match(operation, {
    onSuccess: (answer) => ({ answer }),
    onFailure: ({ outcome, reason }) => {
      if (reason._tag === "WrongType") return { answer: wrongType }
      return outcome === "Unknown" ? ("Unknown" as const) : undefined
    }
  })

const draw = (
  random: () => number,
  values: ReadonlyArray<string>,
  isPossible: (operation: Operation) => boolean
): Operation => {
  const value = values[Math.floor(random() * values.length)] ?? ""
  const expires = random() < 0.5
  const operations: ReadonlyArray<Operation> = [
    { name: "get" },
    { name: "get" },
    { name: "get" },
    { name: "set", value, expires },
    { name: "set", value, expires },
    { name: "setIfAbsent", value, expires },
    { name: "delete" },
    { name: "getAndDelete" },
    { name: "compareAndDelete", expected: value },
    { name: "increment", amount: 1 },
    { name: "increment", amount: -3 },
    { name: "exists" },
    { name: "ttl" },
    { name: "expire", expires }
  ]
  const possible = operations.filter(isPossible)
  return possible[Math.floor(random() * possible.length)] ?? { name: "get" }
}

/** Runs the callers, and gives the history of each key. */
export const record = ({
  caches,
  callers,
  isOver = () => false,
  isPossible = () => true,
  keys,
  now,
  operations,
  pause = Effect.yieldNow,
  prefix,
  random
}: WorkloadOptions): Effect.Effect<ReadonlyMap<string, History>> => {
  const histories = new Map<string, Array<Event>>()
  const values = ["1", "2", "30", "text"]
  const once = (cache: CachePort["Service"]) =>
    Effect.suspend(() => {
      const key = `${prefix}${Math.floor(random() * keys)}`
      const operation = draw(random, values, isPossible)
      const from = now()
      return Effect.map(outcomeOf(run(cache, key, operation)), (outcome) => {
        if (outcome === undefined) return
        const history = histories.get(key) ?? []
        histories.set(key, history)
        history.push({ operation, from, to: now(), outcome })
      })
    })
  const caller = (index: number) => {
    const cache = caches[index % caches.length]
    if (cache === undefined) return Effect.void
    let calls = 0
    return Effect.whileLoop({
      while: () => calls < operations && !isOver(),
      body: () => Effect.andThen(once(cache), pause),
      step: () => {
        calls++
      }
    })
  }
  return Effect.as(
    Effect.forEach(
      Array.from({ length: callers }, (_, index) => index),
      caller,
      {
        concurrency: "unbounded",
        discard: true
      }
    ),
    histories
  )
}
