import { CacheMemory } from "@hexcache/cache-memory"
import { type } from "arktype"
import { Layer, Logger, Schema } from "effect"
import * as v from "valibot"
import { describe, expect, expectTypeOf, test } from "vitest"
import { z } from "zod"
import { type CachedPromise, CachePromise } from "../src/index.ts"
import { openTimed, Source } from "./support/openTimed.ts"

const User = z.object({ id: z.number(), name: z.string() })

const open = () => CachePromise.open(Layer.provideMerge(CacheMemory.layer(), Logger.layer([])))

describe("schemas", () => {
  const schemas = {
    Zod: User,
    Valibot: v.object({ id: v.number(), name: v.string() }),
    ArkType: type({ id: "number", name: "string" }),
    Effect: Schema.toStandardSchemaV1(Schema.Struct({ id: Schema.Number, name: Schema.String }))
  }
  for (const [vendor, schema] of Object.entries(schemas)) {
    test(`a schema of ${vendor} reads what it wrote, and looks up what it refuses`, async () => {
      await using cache = await open()
      const source = new Source()
      const users = cache.cached({ namespace: "user", schema, lookup: source.find, ttl: "1 minute" })
      expect(await users.get(1)).toEqual({ id: 1, name: "user 1 v1" })
      expect(await users.get(1)).toEqual({ id: 1, name: "user 1 v1" })
      expect(source.lookups).toEqual([1])
      const wrong = cache.cached({ namespace: "user", lookup: async (_: number) => ({ id: "text" }), ttl: "1 minute" })
      await wrong.refresh(1)
      expect(await users.get(1)).toEqual({ id: 1, name: "user 1 v1" })
      expect(source.lookups).toEqual([1, 1])
    })
  }

  test("a schema that makes dates of text gives dates from the cache too", async () => {
    await using cache = await open()
    const date = new Date("2026-01-02T03:04:05.678Z")
    const days = cache.cached({
      namespace: "day",
      schema: z.object({ at: z.coerce.date() }),
      lookup: async (_: string) => ({ at: date }),
      ttl: "1 minute"
    })
    await days.get("a")
    expect(await days.getOption("a")).toEqual({ at: date })
  })

  test("a value that JSON would change, a Map or a Date without a schema, is returned and not stored", async () => {
    await using cache = await open()
    for (const value of [new Map([[1, 2]]), { at: new Date(0) }, { of: new Set([1]) }, Number.NaN, 1n]) {
      const odd = cache.cached({ namespace: "odd", lookup: async (_: string) => value, ttl: "1 minute" })
      expect(await odd.get("a")).toBe(value)
      expect(await odd.getOption("a")).toBeUndefined()
    }
  })

  test("a schema that validates asynchronously stores nothing, and fails no read", async () => {
    await using cache = await open()
    const schema = z.number().refine(async () => true)
    const numbers = cache.cached({ namespace: "n", schema, lookup: async (_: string) => 1, ttl: "1 minute" })
    expect(await numbers.get("a")).toBe(1)
    expect(await numbers.getOption("a")).toBeUndefined()
  })

  test("a reader's changes of a value are seen by no other reader", async () => {
    await using cache = await open()
    const lists = cache.cached({ namespace: "list", lookup: async (_: string) => [{ n: 1 }], ttl: "1 minute" })
    const [one, other] = await Promise.all([lists.get("a"), lists.get("a")])
    one.push({ n: 2 })
    expect(other).toEqual([{ n: 1 }])
    ;(await lists.get("a")).push({ n: 3 })
    expect(await lists.get("a")).toEqual([{ n: 1 }])
  })
})

describe("lookups", () => {
  test("readers at the same time share one lookup", async () => {
    await using cache = await open()
    const source = new Source()
    const users = cache.cached({ namespace: "shared", lookup: source.find, ttl: "1 minute" })
    await Promise.all([users.get(1), users.get(1), users.get(1)])
    expect(source.lookups).toEqual([1])
    expect(users.stats).toMatchObject({ lookups: 1, joins: 2 })
  })

  test("the error of a lookup is rejected as it is, thrown at once or later, also where failures are results", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer(), { failures: "result" })
    const error = { code: "no database" }
    const later = cache.cached({ namespace: "a", lookup: (_: string) => Promise.reject(error), ttl: "1 minute" })
    await expect(later.get("a")).rejects.toBe(error)
    const lookup = (_: string): Promise<string> => {
      throw error
    }
    await expect(cache.cached({ namespace: "b", lookup, ttl: "1 minute" }).get("a")).rejects.toBe(error)
  })

  test("a signal rejects with its reason and aborts the lookup that nobody waits for any more", async () => {
    await using cache = await open()
    const reason = new Error("enough")
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const users = cache.cached({
      namespace: "slow",
      lookup: (_: string, { signal }) =>
        new Promise<string>(() => signal.addEventListener("abort", () => resolve("aborted"))),
      ttl: "1 minute"
    })
    const controller = new AbortController()
    const read = users.get("a", { signal: controller.signal })
    const rejected = expect(read).rejects.toBe(reason)
    setTimeout(() => controller.abort(reason))
    await rejected
    expect(await promise).toBe("aborted")
    await expect(users.get("a", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test("a lookup that takes longer than its lookupTimeout rejects with a TimeoutError of the DOM", async () => {
    await using cache = await open()
    const never = (_: string) => new Promise<string>(() => undefined)
    const users = cache.cached({ namespace: "never", lookup: never, ttl: "1 minute", lookupTimeout: 10 })
    await expect(users.get("a")).rejects.toMatchObject({ name: "TimeoutError" })
  })

  test("absence is a result where there is a negativeTtl", async () => {
    await using cache = await open()
    let lookups = 0
    const lookup = async (id: number) => {
      lookups++
      return id === 1 ? "one" : undefined
    }
    const found = cache.cached({
      namespace: "absent",
      schema: z.string(),
      lookup,
      ttl: "1 minute",
      negativeTtl: "1 minute"
    })
    expectTypeOf(found).toEqualTypeOf<CachedPromise<number, string, string | undefined>>()
    expect(await found.get(1)).toBe("one")
    expect(await found.get(2)).toBeUndefined()
    expect(await found.get(2)).toBeUndefined()
    expect(lookups).toBe(2)
  })

  test("getMany and getBatched look up together what is missing", async () => {
    await using cache = await open()
    const batches: Array<ReadonlyArray<number>> = []
    const lookupMany = async (ids: ReadonlyArray<number>) => {
      batches.push(ids)
      return new Map(ids.map((id) => [id, `user ${id}`]))
    }
    const users = cache.cached({ namespace: "many", schema: z.string(), lookupMany, ttl: "1 minute" })
    expect(await users.getMany([2, 1])).toEqual(
      new Map([
        [2, "user 2"],
        [1, "user 1"]
      ])
    )
    expect(await Promise.all([3, 1, 4].map((id) => users.getBatched(id)))).toEqual(["user 3", "user 1", "user 4"])
    expect(batches).toEqual([
      [2, 1],
      [3, 4]
    ])
  })
})

describe("freshness", () => {
  test("a read after an invalidation sees no older value", async () => {
    await using cache = await open()
    const source = new Source()
    const users = cache.cached({
      namespace: "user",
      schema: User,
      lookup: source.find,
      ttl: "1 minute",
      tags: ({ id }) => [`tag ${id}`]
    })
    const forgets = [
      () => users.invalidate(1),
      () => users.invalidateMany([1]),
      () => users.invalidateAll(),
      () => users.invalidateTag("tag 1"),
      () => users.expire(1)
    ]
    for (const forget of forgets) {
      await users.get(1)
      source.version++
      await forget()
      expect((await users.get(1)).name).toBe(`user 1 v${source.version}`)
    }
  })

  test("a stale value is served while its lookup fails, and a lookup knows the previous value", async () => {
    const { cache, pass } = await openTimed()
    const previous: Array<unknown> = []
    let isDown = false
    const pages = cache.cached({
      namespace: "page",
      schema: z.string(),
      lookup: async (url: string, context) => {
        previous.push(context.previous)
        if (isDown) throw new Error("down")
        return `page ${url}`
      },
      ttl: "1 minute",
      staleFor: "1 hour"
    })
    expect(await pages.get("a")).toBe("page a")
    isDown = true
    await pass(61_000)
    expect(await pages.get("a")).toBe("page a")
    await expect.poll(() => previous).toEqual([undefined, "page a"])
    await pass(3_600_000)
    await expect(pages.get("a")).rejects.toThrow("down")
    await cache.close()
  })

  test("what was set is read, and refresh looks up anew", async () => {
    await using cache = await open()
    const source = new Source()
    const users = cache.cached({ namespace: "set", lookup: source.find, ttl: "1 minute" })
    await users.set(1, { id: 1, name: "set" })
    await users.setMany([[2, { id: 2, name: "set" }]])
    expect((await users.get(1)).name).toBe("set")
    expect((await users.get(2)).name).toBe("set")
    expect((await users.refresh(1)).name).toBe("user 1 v1")
    expect(source.lookups).toEqual([1])
  })
})

describe("wrapped functions", () => {
  test("a wrapped function takes the same arguments, and forgets a call by them", async () => {
    await using cache = await open()
    const calls: Array<unknown> = []
    const find = async (country: string, limit: number) => {
      calls.push([country, limit])
      return { country, limit, call: calls.length }
    }
    const cached = cache.wrap(find, { namespace: "find", ttl: "1 minute" })
    expectTypeOf(cached).toExtend<typeof find>()
    expect((await cached("FR", 1)).call).toBe(1)
    expect((await cached("FR", 1)).call).toBe(1)
    expect((await cached("FR", 2)).call).toBe(2)
    await cached.invalidate("FR", 1)
    expect((await cached("FR", 1)).call).toBe(3)
    expect((await cached("FR", 2)).call).toBe(2)
  })

  test("a wrapped function of other arguments says by its key what a result depends on", async () => {
    await using cache = await open()
    const find = async (by: { readonly id: number }) => `user ${by.id}`
    // @ts-expect-error an object is no key
    void (() => cache.wrap(find, { namespace: "by", ttl: "1 minute" }))
    const cached = cache.wrap(find, { namespace: "by", key: ({ id }) => id, ttl: "1 minute" })
    expect([await cached({ id: 1 }), await cached({ id: 2 })]).toEqual(["user 1", "user 2"])
  })
})

test("options that there are not are refused, those of a call by its promise", async () => {
  await using cache = await open()
  const options = { namespace: "a", lookup: async (_: string) => 1, ttl: "1 minute" } as const
  expect(() => cache.cached({ ...options, TTL: 1 } as typeof options)).toThrow('Cached: there is no option "TTL"')
  await expect(cache.cached(options).get("a", { ttl: 1 } as object)).rejects.toThrow(TypeError)
})
