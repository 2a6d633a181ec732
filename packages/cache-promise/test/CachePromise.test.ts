import { CacheMemory } from "@hexcache/cache-memory"
import { Effect, Layer } from "effect"
import { describe, expect, expectTypeOf, test } from "vitest"
import { z } from "zod"
import { CacheError, CachePromise, type CacheResult } from "../src/index.ts"
import { collect } from "./support/collect.ts"

const open = () => CachePromise.open(CacheMemory.layer())

const openResults = () => CachePromise.open(CacheMemory.layer(), { failures: "result" })

/** The `CacheError` that a promise rejects with. */
const errorOf = async (asked: Promise<unknown>): Promise<CacheError> => {
  const error = await asked.then(
    () => expect.unreachable("the operation succeeded"),
    (error: unknown) => error
  )
  expect(error).toBeInstanceOf(CacheError)
  return error as CacheError
}

describe("operations", () => {
  test("what is absent is undefined, and what was set is there", async () => {
    await using cache = await open()
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.set("key", "")).toBeUndefined()
    expect(await cache.get("key")).toBe("")
    expect(await cache.exists("key")).toBe(true)
    expect(await cache.delete("key")).toBe(true)
    expect(await cache.delete("key")).toBe(false)
    expect(await cache.exists("key")).toBe(false)
  })

  test("JSON comes back as it went in, null apart from absent", async () => {
    await using cache = await open()
    expect(await cache.getJson("absent")).toBeUndefined()
    for (const value of [null, 0, "", [1, { a: [] }], JSON.parse('{"__proto__": {"polluted": true}}')]) {
      await cache.setJson("key", value)
      expect(JSON.stringify(await cache.getJson("key"))).toBe(JSON.stringify(value))
    }
  })

  test("setJson takes a value of an interface", async () => {
    interface Greeting {
      readonly text: string
      readonly to?: string
    }
    const greeting: Greeting = { text: "hello" }
    await using cache = await open()
    await cache.setJson("key", greeting)
    expect(await cache.getJson("key")).toEqual(greeting)
  })

  test("a time to live is told in milliseconds, Infinity for ever, undefined of what is absent", async () => {
    await using cache = await open()
    expect(await cache.ttl("key")).toBeUndefined()
    await cache.set("key", "value")
    expect(await cache.ttl("key")).toBe(Infinity)
    await cache.set("key", "value", { ttl: "5 minutes" })
    expect(await cache.ttl("key")).toBeGreaterThan(299_000)
    expect(await cache.ttl("key")).toBeLessThanOrEqual(300_000)
    expect(await cache.expire("key", Infinity)).toBe(true)
    expect(await cache.ttl("key")).toBe(Infinity)
    expect(await cache.expire("key", 0)).toBe(true)
    expect(await cache.expire("key", 0)).toBe(false)
    await cache.set("short", "value", { ttl: 1 })
    await expect.poll(() => cache.get("short")).toBeUndefined()
  })

  test("atomic steps", async () => {
    await using cache = await open()
    expect(await cache.setIfAbsent("lock", "me", { ttl: "1 minute" })).toBe(true)
    expect(await cache.setIfAbsent("lock", "you")).toBe(false)
    expect(await cache.compareAndExpire("lock", "you", Infinity)).toBe(false)
    expect(await cache.compareAndExpire("lock", "me", "2 minutes")).toBe(true)
    expect(await cache.ttl("lock")).toBeGreaterThan(60_000)
    expect(await cache.getAndExpire("lock", Infinity)).toBe("me")
    expect(await cache.ttl("lock")).toBe(Infinity)
    expect(await cache.getAndExpire("absent", "1 minute")).toBeUndefined()
    expect(await cache.compareAndDelete("lock", "you")).toBe(false)
    expect(await cache.compareAndDelete("lock", "me")).toBe(true)
    expect(await cache.increment("count")).toBe(1)
    expect(await cache.increment("count", 41, { ttl: "1 minute" })).toBe(42)
    expect(await cache.decrement("count", 2)).toBe(40)
    expect(await cache.ttl("count")).toBe(Infinity)
    expect(await cache.getAndDelete("count")).toBe("40")
    expect(await cache.getAndDelete("count")).toBeUndefined()
  })

  test("many keys at once, in the order asked, whatever they are called", async () => {
    await using cache = await open()
    await cache.setMany(
      [
        ["a", "old"],
        ["__proto__", "p"],
        ["a", "new"]
      ],
      { ttl: "1 minute" }
    )
    expect(Array.from(await cache.getMany(["b", "__proto__", "a", "b"]))).toEqual([
      ["b", undefined],
      ["__proto__", "p"],
      ["a", "new"]
    ])
    expect(await cache.ttl("a")).toBeLessThanOrEqual(60_000)
    expect(await cache.deleteMany(new Set(["a", "b", "__proto__"]))).toBe(2)
    expect(await cache.getMany([])).toEqual(new Map())
  })

  test("a pattern finds and removes keys; a namespace is a cache of its own", async () => {
    await using cache = await open()
    const orders = cache.namespaced("orders")
    await cache.set("user:1", "1")
    await cache.set("user:2", "2")
    await orders.set("user:1", "an order")
    expect((await collect(cache.scan("user:*"))).toSorted()).toEqual(["user:1", "user:2"])
    expect(await collect(orders.scan("*"))).toEqual(["user:1"])
    expect(await cache.deletePattern("user:*")).toBe(2)
    expect(await orders.get("user:1")).toBe("an order")
    await cache.set("user:1", "1")
    await orders.flush()
    expect(await collect(cache.scan("*"))).toEqual(["user:1"])
    expect(await cache.ping()).toBe(true)
  })
})

describe("failures", () => {
  test("every operation rejects bad input with a CacheError, and none throws", async () => {
    await using cache = await open()
    const wrong = 5 as never
    const asked: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
      ["get", () => cache.get(wrong)],
      ["getJson", () => cache.getJson("")],
      ["set", () => cache.set("key", wrong)],
      ["set", () => cache.set("key", "value", null as never)],
      ["set", () => cache.set("key", "value", { ttl: 0 })],
      ["setJson", () => cache.setJson("key", 1n)],
      ["setIfAbsent", () => cache.setIfAbsent(wrong, "value")],
      ["delete", () => cache.delete(wrong)],
      ["deleteMany", () => cache.deleteMany(wrong)],
      ["getAndDelete", () => cache.getAndDelete(wrong)],
      ["compareAndDelete", () => cache.compareAndDelete("key", wrong)],
      ["getAndExpire", () => cache.getAndExpire("key", 0)],
      ["compareAndExpire", () => cache.compareAndExpire("key", wrong, "1 minute")],
      ["exists", () => cache.exists(wrong)],
      ["expire", () => cache.expire("key", "soon" as never)],
      ["ttl", () => cache.ttl(wrong)],
      ["increment", () => cache.increment("key", 0.5)],
      ["decrement", () => cache.decrement("key", 0.5)],
      ["getMany", () => cache.getMany(wrong)],
      ["setMany", () => cache.setMany([["key", wrong]])],
      ["deletePattern", () => cache.deletePattern(wrong)],
      ["scan", () => collect(cache.scan(wrong))]
    ]
    for (const [operation, ask] of asked) expect((await errorOf(ask())).operation).toBe(operation)
  })

  test("a counter that is none is WrongType, text that is no JSON InvalidValue", async () => {
    await using cache = await open()
    await cache.set("key", "text")
    expect((await errorOf(cache.increment("key"))).reason._tag).toBe("WrongType")
    expect((await errorOf(cache.getJson("key"))).reason._tag).toBe("InvalidValue")
  })

  test("failures as results: every operation resolves, to its value or its CacheError", async () => {
    await using cache = await openResults()
    expect(await cache.set("key", "value")).toEqual({ ok: true, value: undefined })
    expect(await cache.get("key")).toEqual({ ok: true, value: "value" })
    const counted = await cache.increment("key")
    if (counted.ok) expect.unreachable("a text was counted on")
    else expect(counted.error.reason._tag).toBe("WrongType")
    const scanned = await collect(cache.scan("*"))
    expect(scanned).toEqual([{ ok: true, value: "key" }])
    const [refused, ...rest] = await collect(cache.scan("[é]"))
    expect(refused).toMatchObject({ ok: false, error: { operation: "scan" } })
    expect(rest).toEqual([])
    expect(await cache.namespaced("part").get("")).toMatchObject({ ok: false, error: { operation: "get" } })
  })

  test("the types say how failures are told", async () => {
    await using thrown = await CachePromise.open(CacheMemory.layer(), { failures: "throw" })
    await using results = await openResults()
    expectTypeOf(thrown).toEqualTypeOf<CachePromise>()
    expectTypeOf(thrown.get).returns.toEqualTypeOf<Promise<string | undefined>>()
    expectTypeOf(thrown.scan).returns.toEqualTypeOf<AsyncIterable<string>>()
    expectTypeOf(results).toEqualTypeOf<CachePromise<"result">>()
    expectTypeOf(results.get).returns.toEqualTypeOf<Promise<CacheResult<string | undefined>>>()
    expectTypeOf(results.scan).returns.toEqualTypeOf<AsyncIterable<CacheResult<string>>>()
  })

  test("options that there are not fail with InvalidArgument, and nothing is done", async () => {
    await using cache = await CachePromise.open(CacheMemory.layer())
    const untyped = cache as unknown as Record<string, (...input: ReadonlyArray<unknown>) => Promise<unknown>>
    const calls: ReadonlyArray<readonly [string, ...ReadonlyArray<unknown>]> = [
      ["set", "key", "value"],
      ["setJson", "key", 1],
      ["setIfAbsent", "key", "value"],
      ["setMany", [["key", "value"]]],
      ["increment", "key", 1],
      ["decrement", "key", 1],
      ["get", "key"],
      ["getJson", "key"],
      ["getMany", ["key"]],
      ["exists", "key"],
      ["expire", "key", 1_000],
      ["ttl", "key"],
      ["delete", "key"],
      ["deleteMany", ["key"]],
      ["getAndDelete", "key"],
      ["compareAndDelete", "key", "value"],
      ["getAndExpire", "key", 1_000],
      ["compareAndExpire", "key", "value", 1_000],
      ["deletePattern", "key"],
      ["flush"],
      ["ping"]
    ]
    for (const [name, ...input] of calls) {
      for (const options of [{ TTL: 60 }, { Signal: AbortSignal.abort() }, { signal: 5 }, 5, null, ["signal"]]) {
        const error = await errorOf((untyped[name] as (typeof untyped)[string]).call(cache, ...input, options))
        expect(error).toMatchObject({ operation: name, reason: { _tag: "InvalidArgument" } })
      }
    }
    const scanned = async () => {
      for await (const _ of cache.scan("*", { Signal: 5 } as never)) expect.unreachable()
    }
    expect((await errorOf(scanned())).reason._tag).toBe("InvalidArgument")
    expect(await cache.exists("key")).toBe(false)
    const { signal } = new AbortController()
    await cache.set("key", "value", { ttl: "1 minute", signal })
    expect(await cache.ttl("key", { signal })).toBeGreaterThan(0)
  })

  test("open refuses options that there are not", async () => {
    for (const options of [{ failure: "result" }, { failures: "results" }]) {
      const error = await errorOf(CachePromise.open(CacheMemory.layer(), options as never))
      expect(error).toMatchObject({ operation: "layer", reason: { _tag: "InvalidArgument" } })
    }
  })

  test("a layer that refuses its options rejects open, and what it had opened is closed", async () => {
    expect((await errorOf(CachePromise.open(CacheMemory.layer({ maxEntries: 0 })))).operation).toBe("layer")
    let isOpen = false
    const resource = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => {
          isOpen = true
        }),
        () =>
          Effect.sync(() => {
            isOpen = false
          })
      )
    )
    const refusing = CacheMemory.layer({ maxEntries: 0 }).pipe(Layer.provide(resource))
    await errorOf(CachePromise.open(refusing))
    expect(isOpen).toBe(false)
  })
})

test("statistics count the hits, misses and errors of a namespace", async () => {
  await using cache = await CachePromise.open(CacheMemory.layer({ namespace: "counted promises" }))
  const part = cache.namespaced("part")
  await cache.set("key", "text")
  await cache.getMany(["key", "absent"])
  await errorOf(cache.increment("key"))
  await part.get("key")
  expect(cache.stats).toEqual({ hits: 1, misses: 1, errors: 1, hitRate: 0.5 })
  expect(part.stats).toEqual({ hits: 0, misses: 1, errors: 0, hitRate: 0 })
})

test("getJson with a schema returns what the schema makes of the JSON, and refuses other JSON without quoting it", async () => {
  await using cache = await open()
  const User = z.object({ name: z.string(), since: z.coerce.date() })
  const user = { name: "Ada", since: new Date(0) }
  await cache.setJson("user", user)
  const found = await cache.getJson("user", { schema: User })
  expectTypeOf(found).toEqualTypeOf<z.infer<typeof User> | undefined>()
  expect(found).toEqual(user)
  expect(await cache.getJson("absent", { schema: User })).toBeUndefined()
  const later = z.object({ name: z.string().refine(async (name) => name === "Ada") })
  expect(await cache.getJson("user", { schema: later })).toEqual({ name: "Ada" })
  await cache.setJson("user", { name: 5, canary: "canary" })
  for (const schema of [User, later]) {
    const error = await errorOf(cache.getJson("user", { schema }))
    expect(error).toMatchObject({ operation: "getJson", key: "user", reason: { _tag: "InvalidValue" } })
    expect(JSON.stringify(error) + String(error.stack)).not.toContain("canary")
  }
  expect((await errorOf(cache.getJson("user", { schema: 5 as never }))).reason._tag).toBe("InvalidArgument")
})
