import { assert, describe, it } from "@effect/vitest"
import { CacheError, CachePort, type CacheRequest, intercept, Unavailable } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"
import { MapStore } from "./support/MapStore.ts"

/** A port whose interceptor records the operations that it wraps. */
const recorded = (cache: CachePort["Service"]) => {
  const requests: Array<CacheRequest> = []
  const port = intercept(cache, {
    wrap: (operation, request) => {
      requests.push(request)
      return operation
    },
    wrapScan: (scan, request) => {
      requests.push(request)
      return scan
    }
  })
  requests.length = 0
  return { port, requests }
}

describe("Interceptor", () => {
  it.effect("An interceptor wraps each operation with the caller's distinct keys, in namespaces too", () =>
    Effect.gen(function* () {
      const { port, requests } = recorded(new MapStore().cache)
      const part = CachePort.namespaced(port, "part")
      requests.length = 0
      yield* port.set("a", "1")
      yield* part.getMany(["b", "a", "b"])
      yield* Stream.runDrain(part.scan("*"))
      assert.deepStrictEqual(requests, [
        { operation: "set", key: "a" },
        { operation: "getMany", keys: ["b", "a"] },
        { operation: "scan" }
      ])
    })
  )

  it.effect("Neither invalid input nor a batch of no keys reaches an interceptor", () =>
    Effect.gen(function* () {
      const { port, requests } = recorded(new MapStore().cache)
      yield* Effect.flip(port.get(""))
      yield* Effect.flip(port.set("a", "1", { ttl: 0 }))
      yield* Effect.flip(port.setJson("a", undefined as never))
      yield* Effect.flip(Stream.runDrain(port.scan("[é]")))
      yield* port.getMany([])
      yield* port.deleteMany([])
      yield* port.setMany([])
      assert.deepStrictEqual(requests, [])
    })
  )

  it.effect("An interceptor wraps a failure that a fake returns at once", () =>
    Effect.gen(function* () {
      const reason = new Unavailable({ message: "by the test" })
      const get = (key: string) => Effect.fail(new CacheError({ operation: "get", key, reason }))
      const { port, requests } = recorded({ ...new MapStore().cache, get })
      yield* Effect.flip(port.get("a"))
      assert.deepStrictEqual(requests, [{ operation: "get", key: "a" }])
    })
  )
})
