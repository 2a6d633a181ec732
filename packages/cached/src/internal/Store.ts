/**
 * The cache below a `Cached`. A failure of it is noted, and never one here.
 *
 * @internal
 */

import { Async, CacheError, type CachePort } from "@hexcache/cache-port"
import { SwallowedFailures, type SyncReader, strictOf, syncReaderOf } from "@hexcache/cache-port/internal"
import { Clock, Effect, type Fiber, Option } from "effect"
import { endOf, newGeneration } from "./Generation.ts"

type Service = CachePort["Service"]
export type Asked<A> = (cache: Service) => Effect.Effect<A, CacheError>

/** How a write ended: refused input is stored nowhere, so that there is nothing to repeat. */
export type Outcome = "Done" | "Refused" | "Failed"

/** The text that was read under a name. */
export type TextOf = (name: string) => string | undefined

/** How long a generation stands from its last renewal on, that many entries are kept under: 30 days in milliseconds. */
export const sharedLife = 2_592_000_000

export class Store {
  /** Past the layers that fail open. */
  readonly cache: Service
  readonly #swallowed: SwallowedFailures
  readonly #readSync: SyncReader | undefined
  readonly #countError: () => void
  /** When each generation may be renewed again. */
  readonly #renewed = new Map<string, number>()

  constructor(cache: Service, countError: () => void) {
    const below = strictOf(cache)
    this.cache = below?.strict ?? cache
    this.#swallowed = below?.swallowed ?? new SwallowedFailures()
    this.#readSync = syncReaderOf(this.cache)
    this.#countError = countError
  }

  /** None where the cache failed. */
  attempt<A>(asked: Asked<A>): Effect.Effect<Option.Option<A>> {
    return Effect.matchEffect(asked(this.cache), {
      onFailure: (error) => Effect.as(this.#failed(error), Option.none()),
      onSuccess: Effect.succeedSome
    })
  }

  outcome(asked: Asked<unknown>): Effect.Effect<Outcome> {
    return Effect.matchEffect(asked(this.cache), {
      onFailure: (error) => Effect.as(this.#failed(error), isRefusal(error) ? "Refused" : "Failed"),
      onSuccess: () => Effect.succeed("Done")
    })
  }

  /** True if it was done. */
  done(asked: Asked<unknown>): Effect.Effect<boolean> {
    return Effect.map(this.outcome(asked), (outcome) => outcome === "Done")
  }

  /** Takes away what is there of these names, which a full server does as well. */
  delete(names: ReadonlyArray<string>): Effect.Effect<Outcome> {
    return this.outcome((cache) => cache.deleteMany(names))
  }

  #failed(error: CacheError): Effect.Effect<void> {
    this.#countError()
    return this.#swallowed.record(error)
  }

  /** The texts of distinct names in their order, at once if the cache can say so; `undefined` where it failed. */
  readList<A, E, R>(
    names: ReadonlyArray<string>,
    fiber: Fiber.Fiber<unknown, unknown>,
    use: (texts: ReadonlyArray<string | undefined> | undefined) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    const failed = (error: CacheError) =>
      Effect.andThen(
        this.#failed(error),
        Effect.suspend(() => use(undefined))
      )
    const texts = this.#readSync === undefined ? Async : this.#readSync(names, fiber)
    if (texts === Async) {
      return Effect.matchEffect(this.cache.getMany(names), {
        onFailure: failed,
        onSuccess: (values) => use(names.map((name) => textIn(values, name)))
      })
    }
    return texts instanceof CacheError ? failed(texts) : use(texts)
  }

  /** How to get the text of each name: of one that the cache refuses, none. Undefined where the cache failed. */
  read(names: ReadonlyArray<string>): Effect.Effect<TextOf | undefined> {
    return Effect.matchEffect(this.cache.getMany(names), {
      onFailure: (error) => {
        if (!isRefusal(error)) return Effect.as(this.#failed(error), undefined)
        if (names.length === 1) return Effect.as(this.#failed(error), noText)
        return Effect.map(inHalves(names, this.read.bind(this)), ([one, other]) =>
          one === undefined || other === undefined ? undefined : (name) => one(name) ?? other(name)
        )
      },
      onSuccess: (values) => Effect.succeed((name) => textIn(values, name))
    })
  }

  /** Writes what the cache takes, and gives the names of that: none where the cache failed. */
  writeMany(entries: ReadonlyArray<readonly [name: string, text: string]>, ttl: number): Effect.Effect<Names> {
    return Effect.matchEffect(this.cache.setMany(entries, { ttl }), {
      onFailure: (error) => {
        if (!isRefusal(error) || entries.length === 1) return Effect.as(this.#failed(error), noNames)
        const writing = inHalves(entries, (half) => this.writeMany(half, ttl))
        return Effect.map(writing, ([one, other]) => new Set([...one, ...other]))
      },
      onSuccess: () => Effect.succeed(new Set(entries.map(([name]) => name)))
    })
  }

  /** The generation that stands under a name, made where there is none. Undefined where the cache failed. */
  stand(name: string, life: number): Effect.Effect<string | undefined> {
    return Effect.withFiber((fiber) => {
      const id = newGeneration(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() + life)
      return Effect.matchEffect(this.cache.setIfAbsent(name, id, { ttl: life }), {
        onFailure: (error) => Effect.as(this.#failed(error), undefined),
        onSuccess: (isMade) => (isMade ? Effect.succeed(id) : this.#textOf(name))
      })
    })
  }

  #textOf(name: string): Effect.Effect<string | undefined> {
    return Effect.map(
      this.attempt((cache) => cache.get(name)),
      (text) => Option.getOrUndefined(Option.flatten(text))
    )
  }

  /** True once in a while for a generation that has little left of its time. */
  isDue(name: string, id: string, life: number, now: number): boolean {
    const enough = life === Infinity ? life : sharedLife / 2
    if (endOf(id) - now >= enough || now < (this.#renewed.get(name) ?? 0)) return false
    if (this.#renewed.size >= mostRenewed) this.#renewed.clear()
    this.#renewed.set(name, now + sharedLife / 4)
    return true
  }

  /**
   * Lets generations stand for longer, in the background: never by a write of the id, since one that came late would bring
   * back what was taken away meanwhile.
   */
  renew(names: ReadonlyArray<string>, life: number): Effect.Effect<void> {
    const renewing = Effect.forEach(names, (name) => this.done((cache) => cache.expire(name, life)), { discard: true })
    return Effect.asVoid(Effect.forkDetach(renewing))
  }
}

const mostRenewed = 1_000

type Names = ReadonlySet<string>
const noNames: Names = new Set()
const noText: TextOf = () => undefined

const isRefusal = ({ reason }: CacheError): boolean => reason._tag === "InvalidArgument"

/** Uses both halves of a list of two or more, so that what is refused in one spoils nothing of the other. */
const inHalves = <A, B>(list: ReadonlyArray<A>, use: (half: ReadonlyArray<A>) => Effect.Effect<B>) => {
  const middle = Math.ceil(list.length / 2)
  return Effect.all([use(list.slice(0, middle)), use(list.slice(middle))], { concurrency: "unbounded" })
}

const textIn = (values: ReadonlyMap<string, Option.Option<string>>, name: string): string | undefined => {
  const value = values.get(name)
  return value === undefined || Option.isNone(value) ? undefined : value.value
}
