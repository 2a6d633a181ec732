/**
 * The port: the cache that domain code depends on.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { CacheDriver } from "./CacheDriver.ts"
import type { CacheError } from "./CacheError.ts"
import type { CacheOperations } from "./CacheOperations.ts"
import { checkOptions, type FromDriverOptions, fromDriver } from "./internal/fromDriver.ts"
import { namespaced } from "./internal/namespaced.ts"
import { finishWrites, missingFeaturesOf } from "./internal/PortInternals.ts"
import { type ReadyOptions, ready } from "./internal/ready.ts"
import type { MissingFeatures } from "./StoreFeature.ts"

/**
 * A cache, free of vendors. Domain code depends on this service alone; a composition root provides it by the layer of
 * an adapter.
 *
 * Every failure is a `CacheError`. Each operation validates its input when it is called, before any I/O: a key is
 * well-formed Unicode of 1 to 65,536 bytes of UTF-8, a value well-formed Unicode of at most `maxValueBytes`. Invalid input
 * fails with `InvalidArgument`, also from untyped callers, and so does an unknown option; nothing throws.
 *
 * A key that holds another type of the store's than text reads as absent, exists, and can be overwritten and deleted.
 *
 * @example
 * ```ts
 * const greeting = Effect.gen(function*() {
 *   const cache = yield* CachePort
 *   yield* cache.set("greeting", "hello", { ttl: "5 minutes" })
 *   return yield* cache.get("greeting")
 * })
 * greeting // => Option.some("hello")
 * ```
 */
export class CachePort extends Context.Service<CachePort, CacheOperations>()("@hexcache/cache-port/CachePort") {
  /**
   * Makes a port from an adapter's driver. The port validates input, adds the namespace, reads and writes JSON, counts
   * hits and misses, and adds the context of errors. Options out of range make every operation fail with `InvalidArgument`.
   */
  static fromDriver(driver: CacheDriver, options: FromDriverOptions = {}): CacheOperations {
    return fromDriver(driver, options)
  }

  /**
   * Makes the layer of an adapter, with the driver in the layer's scope. A scope that closes waits at most 200 ms for the
   * writes of a `Cached` before it closes the driver. Options out of range fail the layer with `InvalidArgument`, before
   * it makes the driver. With `names`, those of the adapter's own options, an option of any other name fails it too: it is
   * most often a misspelt one.
   */
  static layerFromDriver<R>(
    driver: Effect.Effect<CacheDriver, CacheError, R>,
    options: FromDriverOptions = {},
    names?: ReadonlyArray<string>
  ): Layer.Layer<CachePort, CacheError, Exclude<R, Scope.Scope>> {
    return Layer.effect(
      CachePort,
      Effect.flatMap(checkOptions(options, names), () =>
        Effect.flatMap(driver, (driver) => {
          const port = CachePort.of(fromDriver(driver, options))
          return Effect.as(
            Effect.addFinalizer(() => finishWrites(port)),
            port
          )
        })
      )
    )
  }

  /**
   * Returns a part of a cache as a cache of its own. Its keys are `namespace:key` within the outer one, and its `scan`,
   * `deletePattern` and `flush` see no others. It counts under its own name, `outer:namespace`, in `CacheStats`. A
   * namespace of more than 1,024 bytes of UTF-8, or no well-formed Unicode, makes every operation fail with
   * `InvalidArgument`.
   */
  static namespaced(cache: CacheOperations, namespace: string): CacheOperations {
    return namespaced(cache, namespace)
  }

  /**
   * Returns the features that the store of a cache lacks, as its driver declares, each with the reason. Operations that
   * need one of them fail with `Unsupported`.
   */
  static unsupported(cache: CacheOperations): MissingFeatures {
    return missingFeaturesOf(cache)
  }

  /**
   * Waits until a `ping` succeeds, with a pause of 50 ms behind each that fails. When `timeout` is over it fails with
   * `Unavailable`, whose message and `serverCode` say why the last `ping` failed; a timeout of zero or less fails with
   * `InvalidArgument`.
   *
   * It is for a job that is useless without its cache, or a check after a deploy. Nothing else has to wait: a layer builds
   * without its store, and the readiness of a service should not depend on its cache.
   *
   * @example
   * ```ts
   * const greeted = Effect.andThen(CachePort.ready(cache, { timeout: "5 seconds" }), cache.get("greeting"))
   * ```
   */
  static ready(cache: CacheOperations, options: ReadyOptions = {}): Effect.Effect<void, CacheError> {
    return ready(cache, options)
  }
}
