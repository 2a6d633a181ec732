import { CacheMemory } from "@hexcache/cache-memory"
import { CachePromise } from "@hexcache/cache-promise"
import { createCache } from "cache-manager"
import { Cacheable } from "cacheable"
import { Effect, Layer } from "effect"
import Keyv5 from "keyv"
import { detectKeyvStorage } from "keyv6"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { CacheKeyv } from "../src/index.ts"
import { majors } from "./support/majors.ts"

let cache: CachePromise

beforeEach(async () => {
  cache = await CachePromise.open(CacheMemory.layer({ maxValueBytes: 1_000 }))
})

afterEach(() => cache.close())

/** All that comes. */
const collect = async (coming: AsyncIterable<unknown>): Promise<ReadonlyArray<unknown>> => {
  const all: Array<unknown> = []
  for await (const each of coming) all.push(each)
  return all
}

describe.each(majors)("%s", (_, Keyv) => {
  const make = (namespace?: string) => new Keyv({ store: new CacheKeyv(cache), ...(namespace && { namespace }) })

  test("values of one key and of many are read, written and removed, in the order asked", async () => {
    const keyv = make()
    expect(await keyv.set("a", { of: "a" })).toBe(true)
    expect(
      await keyv.setMany([
        { key: "b", value: "b" },
        { key: "__proto__", value: "proto", ttl: 60_000 }
      ])
    ).toEqual([true, true])
    expect(await keyv.get(["b", "absent", "a", "__proto__", "b"])).toEqual(["b", undefined, { of: "a" }, "proto", "b"])
    expect(await keyv.has("a")).toBe(true)
    expect(await keyv.has(["a", "absent"])).toEqual([true, false])
    expect(await keyv.delete("a")).toBe(true)
    expect(await keyv.delete("a")).toBe(false)
    expect(await keyv.get("a")).toBeUndefined()
  })

  test("a time to live is the cache's; without one, or with 0, a key never expires", async () => {
    const keyv = make("times")
    const stored = async (key: string) => {
      const keys: Array<string> = []
      for await (const found of cache.scan(`*${key}`)) keys.push(found)
      return cache.ttl(keys[0] ?? key)
    }
    await keyv.set("minute", "value", 60_000)
    await keyv.setMany([{ key: "hour", value: "value", ttl: 3_600_000 }])
    await keyv.set("ever", "value")
    await keyv.set("zero", "value", 0)
    expect(await stored("minute")).toBeGreaterThan(50_000)
    expect(await stored("minute")).toBeLessThanOrEqual(60_000)
    expect(await stored("hour")).toBeGreaterThan(3_500_000)
    expect(await stored("ever")).toBe(Infinity)
    expect(await stored("zero")).toBe(Infinity)
    await keyv.set("short", "value", 20)
    await expect.poll(() => stored("short")).toBeUndefined()
  })

  test("clear and iterator keep to their namespace, whatever it is called", async () => {
    const names = ["users", "*", "a%3Ab", "[a]", "user"]
    const keyvs = names.map((name) => make(name))
    for (const [index, keyv] of keyvs.entries()) {
      await keyv.set("one", index)
      await keyv.set("a:b", index)
    }
    for (const [index, keyv] of keyvs.entries()) {
      expect(new Set(await collect(keyv.iterator()))).toEqual(
        new Set([
          ["one", index],
          ["a:b", index]
        ])
      )
    }
    for (const [index, keyv] of keyvs.entries()) {
      await keyv.clear()
      expect(await keyv.get("one")).toBeUndefined()
      for (const [later, other] of keyvs.entries()) if (later > index) expect(await other.get("one")).toBe(later)
    }
  })

  test("more keys than are read at once are iterated, each once", async () => {
    const keyv = make("many")
    const entries = Array.from({ length: 250 }, (_, index) => ({ key: `key-${index}`, value: index }))
    await keyv.setMany(entries)
    const seen = await collect(keyv.iterator())
    expect(seen).toHaveLength(250)
    expect(new Set(seen)).toEqual(new Set(entries.map(({ key, value }) => [key, value])))
  })

  test("what the cache refuses is false and an error event, and rejects nothing", async () => {
    const keyv = make()
    const errors: Array<unknown> = []
    keyv.on("error", (error: unknown) => errors.push(error))
    expect(await keyv.set("large", "x".repeat(1_001))).toBe(false)
    expect(await keyv.setMany([{ key: "large", value: "x".repeat(1_001) }])).toEqual([false])
    expect(await keyv.get("lone \ud800")).toBeUndefined()
    expect(await keyv.get(["lone \ud800"])).toEqual([undefined])
    expect(errors).toHaveLength(4)
    for (const error of errors) expect(error).toMatchObject({ _tag: "CacheError", reason: { _tag: "InvalidArgument" } })
  })

  test("without a listener, what the cache refuses rejects nothing either", async () => {
    const keyv = make()
    expect(await keyv.set("large", "x".repeat(1_001))).toBe(false)
    expect(await keyv.get("lone \ud800")).toBeUndefined()
    expect(await keyv.has("lone \ud800")).toBe(false)
    await keyv.clear()
  })
})

describe("CacheKeyv", () => {
  test("a key or value that the cache refuses affects no other of its batch", async () => {
    const store = new CacheKeyv(cache)
    const errors: Array<unknown> = []
    store.on("error", (error: unknown) => errors.push(error))
    const set = [
      { key: "a", value: "a" },
      { key: "", value: "empty" },
      { key: "large", value: "x".repeat(1_001) },
      { key: "b", value: "b" }
    ]
    expect(await store.setMany(set)).toEqual([true, false, false, true])
    expect(await store.getMany(["a", "lone \ud800", "b"])).toEqual(["a", undefined, "b"])
    expect(await store.deleteMany(["", "a", "b"])).toBe(true)
    expect(await store.getMany(["a", "b"])).toEqual([undefined, undefined])
    expect(errors).toHaveLength(4)
  })

  test("setMany: the last of a repeated key wins, and each entry has its own time to live; below 0 removes", async () => {
    const store = new CacheKeyv(cache)
    await cache.set("gone", "value")
    const done = await store.setMany([
      { key: "b", value: "b", ttl: 60_000 },
      { key: "a", value: "old" },
      { key: "gone", value: "value", ttl: -1 },
      { key: "a", value: "new", ttl: 60_000 }
    ])
    expect(done).toEqual([true, true, true, true])
    expect(await store.getMany(["a", "b", "gone"])).toEqual(["new", "b", undefined])
    expect(await cache.ttl("a")).toBeLessThanOrEqual(60_000)
  })

  test("set: with a time to live of 0 a key never expires, with one that is no number nothing is stored", async () => {
    const store = new CacheKeyv(cache)
    expect(await store.set("zero", "value", 0)).toBe(true)
    expect(await cache.ttl("zero")).toBe(Infinity)
    expect(await store.set("none", "value", Number.NaN)).toBe(false)
    expect(await store.has("none")).toBe(false)
  })

  test("Keyv 6 knows it for a whole storage adapter, and Keyv 5 as one that it can iterate", () => {
    const store = new CacheKeyv(cache)
    expect(detectKeyvStorage(store)).toMatchObject({ compatible: true, store: "keyvStorage" })
    expect(new Keyv5({ store }).iterator).toBeTypeOf("function")
  })

  test("disconnect closes a cache of its own, and leaves another's open", async () => {
    let open = 0
    const opening = Effect.acquireRelease(
      Effect.sync(() => open++),
      () => Effect.sync(() => open--)
    )
    const layer = Layer.provideMerge(CacheMemory.layer(), Layer.effectDiscard(opening))
    const shared = await CachePromise.open(layer)
    await new Keyv5({ store: new CacheKeyv(shared) }).disconnect()
    expect(open).toBe(1)
    const own = new Keyv5({ store: await CacheKeyv.open(layer) })
    expect(open).toBe(2)
    await own.disconnect()
    expect(open).toBe(1)
    await shared.close()
  })
})

describe("what stands on Keyv", () => {
  test("cache-manager keeps its values in the cache", async () => {
    const manager = createCache({ stores: [new Keyv5({ store: new CacheKeyv(cache), namespace: "manager" })] })
    await manager.set("key", { of: "manager" }, 60_000)
    expect(await manager.get("key")).toEqual({ of: "manager" })
    expect(await manager.wrap("other", async () => "made once", 60_000)).toBe("made once")
    expect(await manager.mget(["key", "other", "absent"])).toEqual([{ of: "manager" }, "made once", undefined])
    const kept: Array<string> = []
    for await (const key of cache.scan("manager:*")) kept.push(key)
    expect(kept).toHaveLength(2)
    await manager.del("key")
    expect(await manager.get("key")).toBeUndefined()
    await manager.clear()
    expect(await manager.get("other")).toBeUndefined()
  })

  test("cacheable keeps its values in the cache, behind its own in memory", async () => {
    const open = () => new Cacheable({ secondary: new Keyv5({ store: new CacheKeyv(cache), namespace: "cacheable" }) })
    const one = open()
    await one.set("key", { of: "cacheable" }, "1m")
    const other = open()
    expect(await other.get("key")).toEqual({ of: "cacheable" })
    await one.delete("key")
    expect(await open().get("key")).toBeUndefined()
  })
})
