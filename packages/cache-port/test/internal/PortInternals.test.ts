import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Option } from "effect"
import { internalsOf, layered, namespaceOf } from "../../src/internal/PortInternals.ts"
import { MapStore } from "../support/MapStore.ts"

describe("PortInternals", () => {
  it.effect("A fake that is spread from a port does not inherit the port's internals", () =>
    Effect.gen(function* () {
      const { cache } = new MapStore()
      const fake = CachePort.of({ ...cache, get: () => Effect.succeedSome("the fake's") })
      assert.isDefined(internalsOf(cache).source)
      assert.isUndefined(internalsOf(fake).source)
      assert.deepStrictEqual(yield* CachePort.namespaced(fake, "part").get("a"), Option.some("the fake's"))
    })
  )

  it("A port has its own namespace through the layers around it, and within the outer one", () => {
    const cache = CachePort.fromDriver(new MapStore().driver, { namespace: "shop" })
    const layer = layered(cache, (inner) => ({ ...inner }))
    assert.strictEqual(namespaceOf(layer), "shop")
    assert.strictEqual(namespaceOf(CachePort.namespaced(layer, "orders")), "shop:orders")
    assert.strictEqual(namespaceOf({ ...cache }), "")
  })
})
