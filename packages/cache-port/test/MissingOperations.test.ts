import { assert, describe, it } from "@effect/vitest"
import { CachePort, intercept, unsupported } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import { MapStore } from "./support/MapStore.ts"

const why = { enumeration: "the store does not list its keys", ttl: "the store returns no time to live" }

const cache = CachePort.fromDriver({ ...new MapStore().driver, ...unsupported(why) })

describe("unsupported", () => {
  for (const [name, operation] of [
    ["scan", Stream.runDrain(cache.scan("*"))],
    ["deletePattern", cache.deletePattern("*")],
    ["flush", CachePort.namespaced(cache, "part").flush],
    ["ttl", cache.ttl("key")]
  ] as const) {
    it.effect(`A port fails ${name} with Unsupported where the driver declares that its store lacks it`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(operation)
        assert.strictEqual(error.operation, name)
        assert.strictEqual(error.reason._tag, "Unsupported")
        assert.strictEqual(error.reason.message, name === "ttl" ? why.ttl : why.enumeration)
        assert.strictEqual(error.outcome, "NotExecuted")
        assert.isFalse(error.isRetryable)
      })
    )
  }

  it.effect("A port does everything else, the flush of a whole store too", () =>
    Effect.gen(function* () {
      yield* cache.set("key", "value", { ttl: "1 hour" })
      yield* cache.flush
      assert.isFalse(yield* cache.exists("key"))
    })
  )

  it("The declaration is read from a port, its namespaces and the layers around it", () => {
    const layer = intercept(cache, { wrap: (operation) => operation, wrapScan: (scan) => scan })
    for (const each of [cache, CachePort.namespaced(cache, "part"), layer, CachePort.namespaced(layer, "part")]) {
      assert.deepStrictEqual(CachePort.unsupported(each), why)
    }
    assert.deepStrictEqual(CachePort.unsupported(new MapStore().cache), {})
    assert.deepStrictEqual(CachePort.unsupported(CachePort.of({ ...cache })), {})
  })
})
