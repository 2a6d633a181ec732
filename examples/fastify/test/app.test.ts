import { CacheMemory } from "@hexcache/cache-memory"
import { CachePromise } from "@hexcache/cache-promise"
import { assert, describe, it } from "vitest"
import { makeApp, visitsPerMinute } from "../src/app.ts"

describe("the prices in Fastify", () => {
  it("are computed once for the same article and currency", async () => {
    let computed = 0
    const app = makeApp(await CachePromise.open(CacheMemory.layer()), async () => ++computed)
    for (const url of ["/prices/tea/EUR", "/prices/tea/EUR", "/prices/tea/USD"]) await app.inject(url)
    const found = await app.inject("/prices/tea/EUR")
    assert.deepStrictEqual(found.json(), { cents: 1 })
    assert.strictEqual(computed, 2)
    await app.close()
  })

  it("are refused to an address with too many visits", async () => {
    const app = makeApp(await CachePromise.open(CacheMemory.layer()), async () => 1)
    for (let visit = 1; visit <= visitsPerMinute; visit++) {
      assert.strictEqual((await app.inject("/prices/tea/EUR")).statusCode, 200)
    }
    assert.strictEqual((await app.inject("/prices/tea/EUR")).statusCode, 429)
    await app.close()
  })
})
