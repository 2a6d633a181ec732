/**
 * Effect's `Persistence` on a cache: what `PersistedCache` and persisted requests keep their results in.
 *
 * @module
 */
import { FailOpen } from "@hexcache/cache-layers"
import { type CacheError, CacheKey, CachePort, Glob } from "@hexcache/cache-port"
import { Duration, Effect, Layer, Option } from "effect"
import { Persistence } from "effect/persistence"

type Store = Persistence.BackingPersistenceStore
type Entry = Parameters<Store["setMany"]>[0][number]

/**
 * Keeps the stores of `Persistence` in a cache. A kept result is a matter of speed alone, and so the cache is never the
 * reason that a request for it fails:
 *
 * - What cannot be read is absent, and what cannot be written is not stored, whatever the `CacheError`: the lookup of a
 *   `PersistedCache` runs, and its result arrives. An outage is logged as `FailOpen.layer` logs it, at most once in 10
 *   seconds; a key or a value that the port refuses, or text that is not JSON, is a warning each.
 * - `remove` and `clear` fail with a `PersistenceError` whose cause is the `CacheError`: who outdates a result must know
 *   that it is still there. A `FailOpen.layer` of the caller's own below this one would hide it.
 *
 * Each operation ends by the cache's deadline. With `Breaker.layer` below, few requests wait for a store that is away.
 *
 * Entries are `persistence:<store id>:<key>` within the cache's namespace, and hold the JSON that Effect's own Redis
 * layer writes.
 *
 * @example
 * ```ts
 * const backing = CachePersistence.layerBacking.pipe(
 *   Layer.provide(CacheRedis.layer({ url, namespace: "shop" }))
 * )
 * ```
 */
export const layerBacking: Layer.Layer<Persistence.BackingPersistence, never, CachePort> = Layer.effect(
  Persistence.BackingPersistence,
  Effect.map(FailOpen, (failOpen) =>
    Persistence.BackingPersistence.of({
      make: (storeId) => Effect.succeed(make(failOpen, `${CacheKey.encodePart(storeId)}:`))
    })
  )
).pipe(
  // Fresh, since layers are remembered without their dependencies: another's could stand on another cache.
  Layer.provide(Layer.fresh(FailOpen.layer))
)

/**
 * `Persistence` on a cache, as `layerBacking` keeps it: what `PersistedCache.make` asks for.
 *
 * @example
 * ```ts
 * const persistence = CachePersistence.layer.pipe(
 *   Layer.provide(CacheRedis.layer({ url, namespace: "shop" }))
 * )
 * ```
 */
export const layer: Layer.Layer<Persistence.Persistence, never, CachePort> = Layer.provide(
  Persistence.layer,
  layerBacking
)

const make = ({ attempt, strict }: FailOpen["Service"], prefix: string): Store => {
  // Prefixed by hand, since the namespace "" of the port is the whole cache, and a store may have that name.
  const cache = CachePort.namespaced(strict, "persistence")

  const lenient = <A>(asked: Effect.Effect<A, CacheError>, otherwise: () => A): Effect.Effect<A> =>
    Effect.matchEffect(attempt(asked), {
      onFailure: (refused) => Effect.map(warn(refused), otherwise),
      onSuccess: (answer) => Effect.succeed(Option.getOrElse(answer, otherwise))
    })

  const setTogether = ([ttl, values]: readonly [Duration.Duration | undefined, ReadonlyMap<string, string>]) =>
    lenient(cache.setMany(values, { ttl }), nothing)

  return {
    get: (key) =>
      Effect.map(
        lenient(cache.getJson(prefix + key), () => Option.none()),
        (json) => objectOf(Option.getOrUndefined(json))
      ),

    getMany: ([first, ...rest]) =>
      Effect.map(
        lenient(cache.getMany([first, ...rest].map((key) => prefix + key)), () => new Map()),
        (found) => {
          const read = (key: string) => parse(Option.getOrUndefined(found.get(prefix + key) ?? Option.none()))
          return [read(first), ...rest.map(read)]
        }
      ),

    set: (key, value, ttl) => lenient(cache.setJson(prefix + key, value, { ttl }), nothing),

    setMany: (entries) =>
      Effect.suspend(() =>
        Effect.forEach(byTtl(prefix, entries), setTogether, { concurrency: groupsAtOnce, discard: true })
      ),

    remove: (key) => strictly(cache.delete(prefix + key)),

    clear: strictly(cache.deletePattern(`${Glob.escape(prefix)}*`))
  }
}

/** Batches of one `setMany` that wait for the cache at a time, few beside the `maxPending` of any store. */
const groupsAtOnce = 32

/** Entries as text, those of one time to live together. The last of a repeated key wins. */
const byTtl = (prefix: string, entries: ReadonlyArray<Entry>) => {
  const groups = new Map<number | undefined, readonly [Duration.Duration | undefined, Map<string, string>]>()
  for (const [key, value, ttl] of new Map(entries.map((entry) => [entry[0], entry])).values()) {
    const millis = ttl && Duration.toMillis(ttl)
    const group = groups.get(millis) ?? ([ttl, new Map<string, string>()] as const)
    group[1].set(prefix + key, JSON.stringify(value))
    groups.set(millis, group)
  }
  return groups.values()
}

const nothing = (): void => undefined

const strictly = (asked: Effect.Effect<unknown, CacheError>): Effect.Effect<void, Persistence.PersistenceError> =>
  Effect.mapBoth(asked, {
    onFailure: (cause) => new Persistence.PersistenceError({ message: cause.message, cause }),
    onSuccess: nothing
  })

const warn = ({ code, operation, reason }: CacheError): Effect.Effect<void> =>
  Effect.logWarning(`The cache refuses a result (${reason._tag}), going on without it`).pipe(
    Effect.annotateLogs({ code, operation })
  )

const parse = (text: string | undefined): object | undefined => {
  if (text === undefined) return undefined
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Results are objects; anything else was written by someone else. */
const objectOf = (json: unknown): object | undefined => (typeof json === "object" && json !== null ? json : undefined)
