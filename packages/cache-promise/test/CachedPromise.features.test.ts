/** Laws of `Cached`, in its words, on the face with promises. */
import type { Codec } from "@hexcache/cache-port"
import { Cause } from "effect"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { openTimed, Source } from "./support/openTimed.ts"

const User = z.object({ id: z.number(), name: z.string() })

const setup = async () => {
  const { cache, open, pass, store } = await openTimed()
  const source = new Source()
  return { cache, open, pass, source, store, usual: { namespace: "user", schema: User, ttl: "5 minutes" } as const }
}

describe("reads of CachedPromise", () => {
  test("getOption returns the value of the cache, fresh or stale, and looks nothing up", async () => {
    const { cache, pass, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find, staleFor: "1 hour" })
    expect(await users.getOption(1)).toBeUndefined()
    await users.get(1)
    expect(await users.getOption(1)).toEqual({ id: 1, name: "user 1 v1" })
    await pass(301_000)
    expect(await users.getOption(1)).toEqual({ id: 1, name: "user 1 v1" })
    expect(source.lookups).toEqual([1])
    await pass(3_600_000)
    expect(await users.getOption(1)).toBeUndefined()
  })

  test("every method works on a cache that fails: a lookup each time, one read before it and no write", async () => {
    const { cache, source, store, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find })
    store.fails = () => true
    expect((await users.get(1)).id).toBe(1)
    expect((await users.getBatched(1)).id).toBe(1)
    expect((await users.getMany([1])).size).toBe(1)
    expect(await users.getOption(1)).toBeUndefined()
    expect((await users.refresh(1)).id).toBe(1)
    await users.set(1, { id: 1, name: "set" })
    await users.setMany([[1, { id: 1, name: "set" }]])
    await users.invalidate(1)
    await users.invalidateMany([1])
    await users.expire(1)
    await users.invalidateTag("tag")
    await users.invalidateAll()
    expect(source.lookups).toEqual([1, 1, 1, 1])
  })

  test("lookups without a lookupMany run side by side, as many as concurrency says", async () => {
    const { cache, usual } = await setup()
    let running = 0
    let most = 0
    const lookup = async (id: number) => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      return { id, name: "" }
    }
    const users = cache.cached({ ...usual, lookup, concurrency: 2 })
    expect(Array.from((await users.getMany([3, 1, 2, 1])).keys())).toEqual([3, 1, 2])
    expect(most).toBe(2)
  })

  test("a value is read from the cache for its time to live, and not a millisecond longer", async () => {
    const { cache, pass, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find, ttl: (_, id) => id * 1_000 })
    await users.get(2)
    await pass(1_999)
    await users.get(2)
    expect(source.lookups).toEqual([2])
    await pass(1)
    await users.get(2)
    expect(source.lookups).toEqual([2, 2])
  })

  test("a codec encodes the text of an entry in the cache, and reads it back", async () => {
    const { cache, source, store, usual } = await setup()
    const codec: Codec = {
      encode: (text) => `encoded ${text}`,
      decode: (text) => (text.startsWith("encoded ") ? text.slice(8) : undefined)
    } as Codec
    const users = cache.cached({ ...usual, lookup: source.find, codec })
    await users.get(1)
    expect(await users.get(1)).toEqual({ id: 1, name: "user 1 v1" })
    expect(source.lookups).toEqual([1])
    const [name = ""] = store.entryNames(1)
    expect(store.entries.get(name)?.value).toMatch(/^encoded /)
  })
})

describe("failing lookups of CachedPromise", () => {
  test("reads that find no value fail as the last lookup did, for the failureTtl and no longer", async () => {
    const { cache, pass, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find, failureTtl: "10 seconds" })
    const error = new Error("down")
    source.error = error
    await expect(users.get(1)).rejects.toBe(error)
    await pass(9_999)
    await expect(users.get(1)).rejects.toBe(error)
    expect(source.lookups).toEqual([1])
    await pass(1)
    await expect(users.get(1)).rejects.toBe(error)
    expect(source.lookups).toEqual([1, 1])
  })

  test("a stale key is looked up once in 10 seconds at a failing source, however often it is read", async () => {
    const { cache, pass, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find, staleFor: "1 day", softLookupTimeout: "1 second" })
    await users.get(1)
    source.error = new Error("down")
    await pass(300_000)
    for (let second = 0; second < 10; second++) {
      expect((await users.get(1)).name).toBe("user 1 v1")
      await pass(1_000)
    }
    expect(source.lookups).toEqual([1, 1])
    await users.get(1)
    expect(source.lookups).toEqual([1, 1, 1])
  })

  test("every read looks up with a retryAfter of zero", async () => {
    const { cache, pass, source, usual } = await setup()
    const users = cache.cached({
      ...usual,
      lookup: source.find,
      staleFor: "1 day",
      softLookupTimeout: "1 second",
      retryAfter: 0
    })
    await users.get(1)
    source.error = new Error("down")
    await pass(300_000)
    for (let read = 0; read < 3; read++) await users.get(1)
    expect(source.lookups).toEqual([1, 1, 1, 1])
  })

  test("an expired key keeps its older value for where the source fails, for as long as it may be stale", async () => {
    const { cache, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find, staleFor: "1 hour" })
    await users.get(1)
    await users.expire(1)
    source.error = new Error("down")
    expect((await users.get(1)).name).toBe("user 1 v1")
    source.error = undefined
    source.version = 2
    const again = cache.cached({ ...usual, lookup: source.find, staleFor: "1 hour", retryAfter: 0 })
    expect((await again.get(1)).name).toBe("user 1 v2")
  })

  test("a lookup that takes longer than lookupTimeout is aborted, and rejects with a TimeoutError of the DOM", async () => {
    const { cache, pass, usual } = await setup()
    let reason: unknown
    const users = cache.cached({
      ...usual,
      lookupTimeout: "2 seconds",
      lookup: (_: number, { signal }) =>
        new Promise<z.infer<typeof User>>(() => signal.addEventListener("abort", () => (reason = signal.reason)))
    })
    const read = expect(users.get(1)).rejects.toMatchObject({ name: "TimeoutError", constructor: DOMException })
    await pass(2_000)
    await read
    expect(reason).toBeDefined()
  })

  test("a lookup that rejects with Effect's TimeoutError rejects its readers with that very error", async () => {
    const { cache, usual } = await setup()
    const error = new Cause.TimeoutError("of the program")
    const users = cache.cached({ ...usual, lookup: (_: number) => Promise.reject(error), lookupTimeout: "2 seconds" })
    await expect(users.get(1)).rejects.toBe(error)
    await expect(users.getMany([1])).rejects.toBe(error)
    await expect(users.refresh(1)).rejects.toBe(error)
  })
})

describe("lookups of CachedPromise that know the previous value", () => {
  test("a refresh gets the previous value, though it is fresh, and the lookup of many that of each key", async () => {
    const { cache, source, usual } = await setup()
    const previous: Array<unknown> = []
    const users = cache.cached({
      ...usual,
      lookup: async (id: number, context) => {
        previous.push(context.previous)
        return source.find(id)
      },
      lookupMany: async (ids, context) => {
        previous.push(context.previous)
        return Promise.all(ids.map(async (id) => [id, await source.find(id)] as const))
      },
      staleFor: "1 hour"
    })
    await users.get(1)
    await users.refresh(1)
    await users.invalidate(1)
    await users.refresh(1)
    expect(previous).toEqual([undefined, { id: 1, name: "user 1 v1" }, undefined])
    await users.expire(1)
    await users.getMany([1, 2])
    expect(previous.at(-1)).toEqual(new Map([[1, { id: 1, name: "user 1 v1" }]]))
  })
})

describe("changes by CachedPromise", () => {
  test("invalidateMany forgets the keys and no others, and invalidateTag those with the tag", async () => {
    const { cache, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find, tags: ({ id }) => [id % 2 === 0 ? "even" : "odd"] })
    const lists = cache.cached({
      namespace: "list",
      lookup: async (_: string) => (await source.find(9)).name,
      ttl: "1 hour",
      tags: () => ["even"]
    })
    await users.getMany([1, 2, 3])
    await lists.get("even")
    source.lookups = []
    await users.invalidateMany([1, 2])
    await users.getMany([1, 2, 3])
    expect(source.lookups.toSorted()).toEqual([1, 2])
    source.lookups = []
    await users.invalidateTag("even")
    await users.getMany([1, 2, 3])
    await lists.get("even")
    expect(source.lookups.toSorted()).toEqual([2, 9])
    source.lookups = []
    await users.invalidateAll()
    await users.getMany([1, 2, 3])
    await lists.get("even")
    expect(source.lookups.toSorted()).toEqual([1, 2, 3])
  })

  test("setMany stores values, with their tags and without a lookup", async () => {
    const { cache, open, source, usual } = await setup()
    const tagged = { ...usual, lookup: source.find, tags: () => ["all"] }
    const users = cache.cached(tagged)
    await users.setMany([
      [1, { id: 1, name: "set" }],
      [2, { id: 2, name: "set" }]
    ])
    const there = (await open()).cached(tagged)
    expect((await there.get(1)).name).toBe("set")
    expect((await there.getMany([1, 2])).get(2)?.name).toBe("set")
    expect(source.lookups).toEqual([])
    await there.invalidateTag("all")
    expect((await users.get(1)).name).toBe("user 1 v1")
  })

  test("refresh looks up now, whatever is stored, and stores its value for other processes", async () => {
    const { cache, open, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find })
    await users.get(1)
    source.version = 2
    expect((await users.refresh(1)).name).toBe("user 1 v2")
    const there = (await open()).cached({ ...usual, lookup: source.find })
    expect((await there.get(1)).name).toBe("user 1 v2")
    expect(source.lookups).toEqual([1, 1])
  })

  test("a failed refresh changes nothing", async () => {
    const { cache, source, usual } = await setup()
    const users = cache.cached({ ...usual, lookup: source.find })
    await users.get(1)
    source.error = new Error("down")
    await expect(users.refresh(1)).rejects.toBe(source.error)
    expect((await users.get(1)).name).toBe("user 1 v1")
  })

  test("two processes cost one lookup with a lease", async () => {
    const { cache, open, pass, usual } = await setup()
    let lookups = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const leased = {
      ...usual,
      lease: "10 seconds",
      lookup: async (id: number) => {
        lookups++
        await promise
        return { id, name: "" }
      }
    } as const
    const here = cache.cached(leased).get(1)
    await pass(0)
    const there = (await open()).cached(leased).get(1)
    await pass(100)
    resolve()
    expect((await here).id).toBe(1)
    await pass(1_000)
    expect((await there).id).toBe(1)
    expect(lookups).toBe(1)
  })

  test("absence is a result, stored for negativeTtl and not longer", async () => {
    const { cache, pass, usual } = await setup()
    let lookups = 0
    const users = cache.cached({
      ...usual,
      negativeTtl: "30 seconds",
      lookup: async (_: number) => {
        lookups++
        return undefined
      }
    })
    expect(await users.get(1)).toBeUndefined()
    await pass(29_999)
    expect(await users.get(1)).toBeUndefined()
    expect(await users.getMany([1])).toEqual(new Map())
    expect(lookups).toBe(1)
    await pass(1)
    expect(await users.get(1)).toBeUndefined()
    expect(lookups).toBe(2)
  })
})
