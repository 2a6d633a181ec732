/**
 * The cache below a `Cached`. Counts and logs its failures, and returns none as an error.
 *
 * @internal
 */

import { Async, CacheError, type CachePort } from "@hexcache/cache-port"
import {
  finishBeforeClose,
  type Observer,
  observerOf,
  type ReadThroughStats,
  SwallowedFailures,
  strictOf,
  syncReaderOf
} from "@hexcache/cache-port/internal"
import { Clock, Effect, type Fiber, Option } from "effect"
import { endOf, newGenerationId, sharedLife } from "./GenerationId.ts"

type Service = CachePort["Service"]
type Operation<A> = (cache: Service) => Effect.Effect<A, CacheError>

/** The end of a write. The cache stores nothing under a key that it refuses, so that there is nothing to retry. */
export type Outcome = "Done" | "Refused" | "Failed"

/** Returns the text that was read under a key. */
export type TextOf = (key: string) => string | undefined

/** Makes the store of a cache, past the layers that fail open. */
export const makeStore = (service: Service, countError: () => void) => {
  const below = strictOf(service)
  const cache = below?.strict ?? service
  const swallowed = below?.swallowed ?? new SwallowedFailures()
  const readBySync = syncReaderOf(cache)
  /** The time of the next renewal of each generation. */
  const renewals = new Map<string, number>()

  const record = (error: CacheError): Effect.Effect<void> => {
    countError()
    return swallowed.record(error)
  }

  /** None where the cache failed. */
  const attempt = <A>(operation: Operation<A>): Effect.Effect<Option.Option<A>> =>
    Effect.matchEffect(operation(cache), {
      onFailure: (error) => Effect.as(record(error), Option.none()),
      onSuccess: Effect.succeedSome
    })

  const outcome = (operation: Operation<unknown>): Effect.Effect<Outcome> =>
    Effect.matchEffect(operation(cache), {
      onFailure: (error) => Effect.as(record(error), isRefusal(error) ? "Refused" : "Failed"),
      onSuccess: () => Effect.succeed("Done")
    })

  /** Succeeds with true if the cache carried the operation out. */
  const done = (operation: Operation<unknown>): Effect.Effect<boolean> =>
    Effect.map(outcome(operation), (outcome) => outcome === "Done")

  /** Reads keys; one that the cache refuses has no text. Undefined where the cache failed. */
  const read = (keys: ReadonlyArray<string>): Effect.Effect<TextOf | undefined> =>
    Effect.matchEffect(cache.getMany(keys), {
      onFailure: (error) => {
        if (!isRefusal(error)) return Effect.as(record(error), undefined)
        if (keys.length === 1) return Effect.as(record(error), noText)
        return Effect.map(inHalves(keys, read), ([one, other]) =>
          one === undefined || other === undefined ? undefined : (key) => one(key) ?? other(key)
        )
      },
      onSuccess: (values) => Effect.succeed((key) => textIn(values, key))
    })

  /** Writes the keys that the cache accepts, and succeeds with these: none where the cache failed. */
  const writeMany = (
    entries: ReadonlyArray<readonly [key: string, text: string]>,
    ttl: number
  ): Effect.Effect<ReadonlySet<string>> =>
    Effect.matchEffect(cache.setMany(entries, { ttl }), {
      onFailure: (error) => {
        if (!isRefusal(error) || entries.length === 1) return Effect.as(record(error), noKeys)
        const writing = inHalves(entries, (half) => writeMany(half, ttl))
        return Effect.map(writing, ([one, other]) => new Set([...one, ...other]))
      },
      onSuccess: () => Effect.succeed(new Set(entries.map(([key]) => key)))
    })

  return {
    attempt,
    done,
    read,
    writeMany,

    /** The telemetry of the cache, if it has any. */
    observe: (namespace: string, stats: ReadThroughStats): Observer | undefined => observerOf(cache, namespace, stats),

    /** Makes the cache wait for a write when it closes. */
    finishBeforeClose: (write: Fiber.Fiber<unknown>): void => finishBeforeClose(cache, write),

    /** Deletes keys, which a full server does as well. */
    delete: (keys: ReadonlyArray<string>): Effect.Effect<Outcome> => outcome((cache) => cache.deleteMany(keys)),

    /** Deletes the keys that match a pattern, however many there are. */
    deletePattern: (pattern: string): Effect.Effect<Outcome> => outcome((cache) => cache.deletePattern(pattern)),

    /** Reads distinct keys in their order, synchronously if the cache can; `undefined` where it failed. */
    readSync: <A, E, R>(
      keys: ReadonlyArray<string>,
      fiber: Fiber.Fiber<unknown, unknown>,
      use: (texts: ReadonlyArray<string | undefined> | undefined) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E, R> => {
      const failed = (error: CacheError) => Effect.flatMap(record(error), () => use(undefined))
      const texts = readBySync === undefined ? Async : readBySync(keys, fiber)
      if (texts === Async) {
        return Effect.matchEffect(cache.getMany(keys), {
          onFailure: failed,
          onSuccess: (values) => use(keys.map((key) => textIn(values, key)))
        })
      }
      return texts instanceof CacheError ? failed(texts) : use(texts)
    },

    /** The generation that stands under a key, made where there is none. Undefined where the cache failed. */
    ensureGeneration: (key: string, life: number): Effect.Effect<string | undefined> =>
      Effect.withFiber((fiber) => {
        const id = newGenerationId(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() + life)
        return Effect.flatMap(
          attempt((cache) => cache.setIfAbsent(key, id, { ttl: life })),
          (isMade) => {
            if (Option.isNone(isMade)) return Effect.undefined
            if (isMade.value) return Effect.succeed(id)
            return Effect.map(
              attempt((cache) => cache.get(key)),
              (text) => Option.getOrUndefined(Option.flatten(text))
            )
          }
        )
      }),

    /**
     * Renews generations that have little left of their time, each once in a while, in the background. Never writes an id: a
     * late write would bring back a generation that was deleted meanwhile.
     */
    renew: (
      generations: Iterable<readonly [key: string, id: string]>,
      life: number,
      now: number
    ): Effect.Effect<void> => {
      const enough = life === Infinity ? life : sharedLife / 2
      const due: Array<string> = []
      for (const [key, id] of generations) {
        if (endOf(id) - now >= enough || now < (renewals.get(key) ?? 0)) continue
        if (renewals.size >= mostRenewals) renewals.clear()
        renewals.set(key, now + sharedLife / 4)
        due.push(key)
      }
      if (due.length === 0) return Effect.void
      const renewing = Effect.forEach(due, (key) => done((cache) => cache.expire(key, life)), { discard: true })
      return Effect.asVoid(Effect.forkDetach(renewing))
    }
  }
}

export type Store = ReturnType<typeof makeStore>

const mostRenewals = 1_000

const noKeys: ReadonlySet<string> = new Set()
const noText: TextOf = () => undefined

const isRefusal = ({ reason }: CacheError): boolean => reason._tag === "InvalidArgument"

/** Uses both halves of a list of two or more, so that a refusal in one does not affect the other. */
export const inHalves = <A, B>(list: ReadonlyArray<A>, use: (half: ReadonlyArray<A>) => Effect.Effect<B>) => {
  const middle = Math.ceil(list.length / 2)
  return Effect.all([use(list.slice(0, middle)), use(list.slice(middle))], { concurrency: "unbounded" })
}

const textIn = (values: ReadonlyMap<string, Option.Option<string>>, key: string): string | undefined => {
  const value = values.get(key)
  return value === undefined || Option.isNone(value) ? undefined : value.value
}
