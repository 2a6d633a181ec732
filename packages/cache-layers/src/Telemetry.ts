/**
 * A layer that reports the operations of a cache, as spans to Effect's `Tracer` and as Effect's `Metric`s. The program
 * chooses where it exports them to.
 *
 * Names and attributes of operations are those of OpenTelemetry's semantic conventions for database clients, in their
 * version 1.44:
 * [spans](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/db/database-spans.md),
 * [metrics](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/db/database-metrics.md). Names for which
 * there is no convention begin with `hexcache`.
 *
 * @module
 */

import { CachePort } from "@hexcache/cache-port"
import { attach, interceptOperations, layered, namespaceOf } from "@hexcache/cache-port/internal"
import { Effect, Layer, type Metric } from "effect"
import * as CachedTelemetry from "./internal/CachedTelemetry.ts"
import type { Settings } from "./internal/Instrument.ts"
import * as OperationTelemetry from "./internal/OperationTelemetry.ts"

/** The options of `Telemetry.layer`. */
export interface TelemetryOptions {
  /** `db.system.name`: the product behind the adapter, for example `"redis"`. Defaults to `"hexcache"`. */
  readonly system?: string | undefined
  /**
   * `db.namespace` of every operation. Defaults to the namespace of the cache. Set it where namespaces are unbounded, one
   * for each tenant for example, to bound the number of series.
   */
  readonly namespace?: string | undefined
  /** Attributes of every span and every series, for example `{ "server.address": "cache.internal" }`. Empty by default. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** True, the default, if the layer makes spans. Without a tracer it makes none. */
  readonly spans?: boolean | undefined
  /** True, the default, if the layer updates metrics. */
  readonly metrics?: boolean | undefined
}

/**
 * Reports the operations of the cache below it, of its namespaces, and of every `Cached` on it. No span and no series holds
 * a key or a value.
 *
 * Each operation is a span of kind client, named `get shop`, and counts in the histogram `db.client.operation.duration`,
 * in seconds. Attributes: `db.system.name`, `db.namespace` (the cache's, not the number of a Redis database),
 * `db.operation.name` (the member of `CachePort`), and for a failure `error.type` (the reason's name, or `Interrupted`)
 * and `db.response.status_code` (`CacheError.serverCode`). Spans add `hexcache.keys`, the number of keys of an operation
 * on many, and `hexcache.hits` and `hexcache.misses`; the counter `hexcache.reads` has the sums of these two by its
 * `hexcache.result`, `hit` or `miss`. `db.operation.batch.size` is absent: for the conventions, one command on many keys is no batch.
 * Invalid input is no operation. A `scan` lasts until its stream ends.
 *
 * Each lookup of a `Cached` is a span named `lookup user`, the parent of the lookup's own spans, and counts in the histogram
 * `hexcache.cached.lookup.duration`, in seconds. The counters `hexcache.cached.reads` (by `hexcache.result`: `hit`, `stale` or
 * `miss`), `.joins`, `.refreshes`, `.invalidations` and `.pending_invalidations` are `Cached.stats`. All of them have the
 * attribute `hexcache.cached.namespace`. The `error.type` of a lookup is the tag or the name of its error.
 *
 * Belongs below `FailOpen.layer`, which hides failures, and above `Breaker.layer`, to report what the breaker refuses too.
 *
 * @example
 * ```ts
 * const cache = FailOpen.layer.pipe(
 *   Layer.provideMerge(Telemetry.layer({ system: "redis" })),
 *   Layer.provideMerge(Breaker.layer()),
 *   Layer.provide(CacheRedis.layer({ url, namespace: "shop" }))
 * )
 * ```
 */
export const layer = (options: TelemetryOptions = {}): Layer.Layer<CachePort, never, CachePort> =>
  Layer.effect(
    CachePort,
    Effect.gen(function* () {
      const { attributes, metrics = true, namespace, spans = true, system = "hexcache" } = options
      const cache = yield* CachePort
      if (!spans && !metrics) return cache
      const context = yield* Effect.context<never>()
      const registered = new Map<string, ReadonlyArray<Metric.Registration>>()
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const registrations of registered.values()) for (const { remove } of registrations) remove()
        })
      )

      const settingsOf = (name: string): Settings => ({
        spans,
        metrics,
        attributes: {
          ...attributes,
          "db.system.name": system,
          ...(name === "" ? undefined : { "db.namespace": name })
        }
      })

      return layered(cache, (inner) => {
        const within = namespace ?? namespaceOf(inner)
        const settings = settingsOf(within)
        return attach(interceptOperations(inner, OperationTelemetry.interceptor(settings)), {
          observe: (name, stats) => {
            const key = JSON.stringify([within, name])
            if (metrics && registered.size < mostRegistered && !registered.has(key)) {
              registered.set(key, CachedTelemetry.register(name, stats, settings, context))
            }
            return CachedTelemetry.observer(name, settings)
          }
        })
      })
    })
  )

/** The most `Cached` with series of their own, counted once for each namespace that they are used with. */
const mostRegistered = 1_000
