/**
 * A layer that reports what a cache does: as spans to Effect's `Tracer`, and as Effect's `Metric`s. Both go wherever the
 * program exports them to.
 *
 * Names and attributes of operations are those of OpenTelemetry's semantic conventions for database clients, in their
 * version 1.44:
 * [spans](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/db/database-spans.md),
 * [metrics](https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/db/database-metrics.md). For caches
 * there are no conventions; what they have no name for begins with `hexcache`.
 *
 * @module
 */

import { CachePort } from "@hexcache/cache-port"
import { attach, interceptOperations, layered, namespaceOf } from "@hexcache/cache-port/internal"
import { Effect, Layer, type Metric } from "effect"
import * as CachedSeries from "./telemetry/CachedSeries.ts"
import { operations } from "./telemetry/Operations.ts"
import type { Settings } from "./telemetry/Work.ts"

/** What is reported, and under which names. */
export interface TelemetryOptions {
  /** `db.system.name`: the product behind the adapter, `"redis"` for one. `"hexcache"` unless given. */
  readonly system?: string | undefined
  /**
   * `db.namespace` of every operation. That of the cache, or of the part of it that is asked, unless given: one name for
   * all of them where namespaces are made of what there is no end of, tenants for one.
   */
  readonly namespace?: string | undefined
  /** On every span and every series: `{ "server.address": "cache.internal" }` for one. None unless given. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** Whether there are spans; where no tracer is set they are left out anyway. True unless given. */
  readonly spans?: boolean | undefined
  /** Whether there are metrics. True unless given. */
  readonly metrics?: boolean | undefined
}

/**
 * Wraps the cache below it, its namespaces, and every `Cached` on it. No key and no value is in what it reports.
 *
 * Each operation is a span of kind client, named `get shop`, and counts in the histogram `db.client.operation.duration`,
 * in seconds. Attributes: `db.system.name`, `db.namespace` (the cache's, not the number of a Redis database),
 * `db.operation.name` (the member of `CachePort`), and for a failure `error.type` (the reason's name, or `Interrupted`)
 * and `db.response.status_code` (`CacheError.serverCode`). Spans add `hexcache.keys`, the number of keys of an operation
 * on many, and `hexcache.hits` and `hexcache.misses`; the counter `hexcache.reads` has the sums of these two by its
 * `hexcache.result`, `hit` or `miss`. `db.operation.batch.size` is left out, since the conventions do not count one command on
 * many keys as a batch. Input that was refused is no operation. A `scan` lasts until its stream ends.
 *
 * Of a `Cached` each lookup is a span, `lookup user`, that the lookup's own spans are below, and counts in the histogram
 * `hexcache.cached.lookup.duration`, in seconds. The counters `hexcache.cached.reads` (by `hexcache.result`: `hit`, `stale` or
 * `miss`), `.joins`, `.refreshes`, `.invalidations` and `.pending_invalidations` are `Cached.stats`. All of them have the
 * attribute `hexcache.cached.namespace`. The `error.type` of a lookup is the tag or the name of its error.
 *
 * Belongs below `FailOpen.layer`, which hides failures from it, and above `Breaker.layer`, so that what the breaker refuses
 * is seen.
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
        return attach(interceptOperations(inner, operations(settings)), {
          observe: (name, stats) => {
            const key = JSON.stringify([within, name])
            if (metrics && registered.size < mostRegistered && !registered.has(key)) {
              registered.set(key, CachedSeries.register(name, stats, settings, context))
            }
            return CachedSeries.observer(name, settings)
          }
        })
      })
    })
  )

/** How many series of `Cached` there are at most: one for each part of the cache that it is used with. */
const mostRegistered = 1_000
