import { CacheMemory } from "@hexcache/cache-memory"
import { CachePromise } from "@hexcache/cache-promise"
import { assert, describe, it } from "vitest"
import { makeApp } from "../src/app.ts"
import { countedArticles } from "./support/countedArticles.ts"

describe("the articles in Hono", () => {
  it("are looked up once for all visitors, a missing one too", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer())
    const articles = countedArticles()
    const app = makeApp(cache, articles)
    for (let visit = 1; visit <= 3; visit++) {
      const found = await app.request("/articles/1")
      assert.deepStrictEqual(await found.json(), { id: "1", title: "On caches" })
      assert.strictEqual((await app.request("/articles/2")).status, 404)
    }
    assert.deepStrictEqual(articles.lookups, ["1", "2"])
  })

  it("show a new title to the first visitor after it was written", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer())
    const app = makeApp(cache, countedArticles())
    await app.request("/articles/1")
    const written = await app.request("/articles/1", {
      method: "PUT",
      body: JSON.stringify({ title: "On stale reads" })
    })
    assert.strictEqual(written.status, 204)
    const found = await app.request("/articles/1")
    assert.deepStrictEqual(await found.json(), { id: "1", title: "On stale reads" })
  })
})
