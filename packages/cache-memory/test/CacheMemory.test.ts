/** Bounds, reclaiming and options of the memory adapter. The laws are in the contract. */

import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { type CacheError, CachePort, utf8Length } from "@hexcache/cache-port"
import { Config, ConfigProvider, Duration, Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"

const using = <A, E>(
  options: CacheMemory.CacheMemoryOptions,
  use: (cache: CachePort["Service"]) => Effect.Effect<A, E>
): Effect.Effect<A, E | CacheError> => Effect.provide(Effect.flatMap(CachePort, use), CacheMemory.layer(options))

const keysOf = (cache: CachePort["Service"]) =>
  Effect.map(Stream.runCollect(cache.scan("*")), (keys) => keys.toSorted())

describe("CacheMemory", () => {
  it.effect("maxEntries: what is never used goes before what is, and exists and ttl are no uses", () =>
    using({ maxEntries: 3 }, (cache) =>
      Effect.gen(function* () {
        for (const key of ["a", "b", "c"]) yield* cache.set(key, key)
        yield* cache.get("a")
        yield* cache.set("c", "again")
        yield* cache.exists("b")
        yield* cache.ttl("b")
        yield* cache.set("d", "d")
        assert.deepStrictEqual(yield* keysOf(cache), ["a", "c", "d"])
      })
    )
  )

  it.effect("maxEntries: what was just set is there, and as many entries as there may be", () =>
    using({ maxEntries: 3 }, (cache) =>
      Effect.gen(function* () {
        for (let step = 0; step < 1_000; step++) {
          const key = `key-${(step * step) % 17}`
          yield* cache.set(key, `${step}`)
          assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), `${step}`)
          assert.isAtMost((yield* keysOf(cache)).length, 3)
        }
        assert.strictEqual((yield* keysOf(cache)).length, 3)
      })
    )
  )

  it.effect("maxEntries: an expired entry goes before any live one", () =>
    using({ maxEntries: 3 }, (cache) =>
      Effect.gen(function* () {
        yield* cache.set("old", "live")
        yield* cache.set("expiring", "dead soon", { ttl: 1_000 })
        yield* cache.set("newest", "dead soon", { ttl: 500 })
        yield* TestClock.adjust(1_000)
        yield* cache.setMany([
          ["x", "x"],
          ["y", "y"]
        ])
        assert.deepStrictEqual(yield* keysOf(cache), ["old", "x", "y"])
      })
    )
  )

  it.effect("maxBytes: bounds the UTF-8 of keys and values", () =>
    using({ maxBytes: 20 }, (cache) =>
      Effect.gen(function* () {
        yield* cache.set("a", "é".repeat(4))
        yield* cache.set("b", "12345678")
        assert.deepStrictEqual(yield* keysOf(cache), ["a", "b"])
        yield* cache.set("c", "123")
        assert.deepStrictEqual(yield* keysOf(cache), ["b", "c"])
        yield* cache.set("b", "1")
        yield* cache.set("d", "12345678")
        assert.deepStrictEqual(yield* keysOf(cache), ["b", "c", "d"])
      })
    )
  )

  it.effect("maxBytes: an entry that grows makes room at the cost of the others", () =>
    using({ maxBytes: 20 }, (cache) =>
      Effect.gen(function* () {
        for (const key of ["a", "b", "c", "d"]) yield* cache.set(key, "1234")
        for (const key of ["b", "c", "d"]) yield* cache.get(key)
        yield* cache.set("a", "1234567890123456789")
        assert.deepStrictEqual(yield* keysOf(cache), ["a"])
        yield* cache.set("b", "1")
        assert.deepStrictEqual(yield* keysOf(cache), ["b"])
      })
    )
  )

  it.effect("maxBytes: an entry that is larger by itself fails with OutOfMemory and leaves the old value", () =>
    using({ maxBytes: 10 }, (cache) =>
      Effect.gen(function* () {
        yield* cache.set("a", "old")
        const refused: ReadonlyArray<Effect.Effect<unknown, CacheError>> = [
          cache.set("a", "1234567890"),
          cache.setMany([
            ["b", "1"],
            ["a", "1234567890"]
          ]),
          cache.setIfAbsent("c", "1234567890"),
          cache.increment("count", 1_000_000)
        ]
        for (const operation of refused) {
          assert.strictEqual((yield* Effect.flip(operation)).reason._tag, "OutOfMemory")
        }
        assert.deepStrictEqual(yield* keysOf(cache), ["a"])
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("a")), "old")
      })
    )
  )

  it.effect("bounds hold, and nothing that fits is lost, over random operations", () =>
    using({ maxEntries: 50, maxBytes: 600 }, (cache) =>
      Effect.gen(function* () {
        for (let step = 0; step < 5_000; step++) {
          const key = `key-${Math.floor(Math.random() * 80)}`
          const kind = Math.floor(Math.random() * 6)
          if (kind < 3) {
            const value = "v".repeat(Math.floor(Math.random() * 40))
            yield* cache.set(key, value, Math.random() < 0.5 ? { ttl: 1 + Math.floor(Math.random() * 500) } : undefined)
            assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), value)
          } else if (kind === 3) yield* cache.delete(key)
          else if (kind === 4) yield* cache.expire(key, Math.floor(Math.random() * 300))
          else yield* TestClock.adjust(Math.floor(Math.random() * 40))
          if (step % 50 === 0) {
            const keys = yield* keysOf(cache)
            const values = yield* cache.getMany(keys)
            assert.isAtMost(keys.length, 50)
            const bytes = Array.from(values, ([key, value]) => utf8Length(key) + utf8Length(Option.getOrThrow(value)))
            assert.isAtMost(
              bytes.reduce((sum, each) => sum + each, 0),
              600
            )
          }
        }
      })
    )
  )

  it.effect("ttl is whole milliseconds and never more than was given, however late it is", () =>
    using({}, (cache) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_790_000_000_000)
        yield* cache.set("longest", "value", { ttl: Number.MAX_SAFE_INTEGER })
        yield* cache.set("short", "value", { ttl: 10 })
        yield* TestClock.adjust("500 micros")
        const remaining = (key: string) =>
          Effect.map(cache.ttl(key), (left) =>
            left._tag === "Expires" ? Duration.toMillis(left.remaining) : Number.NaN
          )
        assert.isAtMost(yield* remaining("longest"), Number.MAX_SAFE_INTEGER)
        assert.strictEqual(yield* remaining("short"), 10)
      })
    )
  )

  it.effect("refuses options out of range when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [
        { maxEntries: 0 },
        { maxEntries: 1.5 },
        { maxEntries: Number.NaN },
        { maxBytes: -1 },
        { maxBytes: "5" },
        { namespace: 5 },
        { maxValueBytes: -1 },
        { maxEntires: 5 }
      ]) {
        const built = Effect.scoped(Layer.build(CacheMemory.layer(options as never)))
        const error = yield* Effect.flip(built)
        assert.strictEqual(error.reason._tag, "InvalidArgument")
        assert.strictEqual(error.operation, "layer")
      }
    })
  )

  it.effect("each layer has a store of its own, which a namespace is part of", () =>
    Effect.gen(function* () {
      yield* using({ namespace: "shop" }, (cache) =>
        Effect.gen(function* () {
          yield* cache.set("key", "value")
          assert.deepStrictEqual(yield* keysOf(cache), ["key"])
        })
      )
      assert.isFalse(yield* using({ namespace: "shop" }, (cache) => cache.exists("key")))
    })
  )

  it.effect("layerConfig takes the bounds from Config, and refuses those out of range", () => {
    const layer = CacheMemory.layerConfig({ maxBytes: Config.Int("CACHE_MAX_BYTES") })
    const within = (bytes: string) =>
      Effect.provide(
        CachePort.use((cache) => cache.set("key", "value")),
        Layer.provide(layer, ConfigProvider.layer(ConfigProvider.fromUnknown({ CACHE_MAX_BYTES: bytes })))
      )
    return Effect.gen(function* () {
      yield* within("8")
      const full = yield* Effect.flip(within("7"))
      assert.strictEqual((full as CacheError).reason._tag, "OutOfMemory")
      const refused = yield* Effect.flip(within("0"))
      assert.strictEqual((refused as CacheError).reason._tag, "InvalidArgument")
      assert.strictEqual((yield* Effect.flip(within("much")))._tag, "ConfigError")
    })
  })

  it("lets the process exit, also while its layer is open", async () => {
    const program = `
      import { CacheMemory } from "@hexcache/cache-memory"
      import { CachePort } from "@hexcache/cache-port"
      import { Effect, ManagedRuntime } from "effect"
      const runtime = ManagedRuntime.make(CacheMemory.layer())
      await runtime.runPromise(Effect.flatMap(CachePort, (cache) => cache.set("key", "value", { ttl: "1 hour" })))
      console.log("done")`
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: import.meta.dirname,
      timeout: 20_000
    })
    assert.strictEqual(stdout, "done\n")
  })
})
