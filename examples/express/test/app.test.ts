import { CacheMemory } from "@hexcache/cache-memory"
import { CachePromise } from "@hexcache/cache-promise"
import { assert, describe, it } from "vitest"
import { visit } from "./visitor.ts"

const keysOf = async (cache: CachePromise): Promise<ReadonlyArray<string>> => {
  const keys: Array<string> = []
  for await (const key of cache.scan("*")) keys.push(key)
  return keys
}

describe("a session", () => {
  it("begins at the login under a new id, and is over at the logout", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer())
    await using visitor = await visit(cache)
    assert.strictEqual((await visitor.request("GET", "/me")).status, 401)
    assert.strictEqual((await visitor.request("POST", "/login", { user: "Ada" })).status, 204)
    const first = visitor.cookie()
    assert.deepStrictEqual(await visitor.request("GET", "/me"), { status: 200, text: "Ada" })
    await visitor.request("POST", "/login", { user: "Ada" })
    assert.notStrictEqual(visitor.cookie(), first)
    assert.strictEqual((await visitor.request("POST", "/logout")).status, 204)
    assert.strictEqual((await visitor.request("GET", "/me")).status, 401)
  })

  it("has its whole time again after each use", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer())
    await using visitor = await visit(cache)
    await visitor.request("POST", "/login", { user: "Ada" })
    const [key = ""] = await keysOf(cache)
    await cache.expire(key, "1 minute")
    assert.strictEqual((await visitor.request("GET", "/me")).text, "Ada")
    assert.isAbove((await cache.ttl(key)) ?? 0, 29 * 60_000)
  })

  it("is not made for a visitor who does not log in", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer())
    await using visitor = await visit(cache)
    assert.strictEqual((await visitor.request("GET", "/")).text, "welcome")
    assert.strictEqual(visitor.cookie(), "")
    assert.deepStrictEqual(await keysOf(cache), [])
  })
})
