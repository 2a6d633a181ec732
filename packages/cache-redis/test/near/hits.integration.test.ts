/** Reads that the near cache serves, and those that it does not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { eventually } from "../support/bounds.ts"
import { commandStats } from "../support/commandStats.ts"
import { beside, moment, nearCache, text, warm } from "../support/nearCache.ts"
import { readyCache, server } from "../support/servers.ts"

describe.concurrent("a hit", () => {
  it.live("sends nothing, nor does a process that asks for nothing", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, nearCache, commandTimeout: "1 second" })
      yield* cached.setMany([
        ["a", "1"],
        ["b", "2"]
      ])
      yield* warm(cached, "a", "b", "absent")
      yield* commandStats(url)
      for (let round = 0; round < 1_000; round++) {
        assert.strictEqual(yield* text(cached, "a"), "1")
        assert.isUndefined(yield* text(cached, "absent"))
        assert.deepStrictEqual(Array.from((yield* cached.getMany(["b", "a"])).values(), Option.getOrUndefined), [
          "2",
          "1"
        ])
        assert.deepStrictEqual(yield* cached.getJson("b"), Option.some(2))
      }
      const ran = yield* commandStats(url)
      assert.deepStrictEqual([ran("get"), ran("mget"), ran("evalsha"), ran("eval")], [0, 0, 0, 0])
      yield* Effect.sleep(1_500)
      assert.strictEqual((yield* commandStats(url))("ping"), 0)
    })
  )

  it.live("of getMany is one of all its keys: what one write wrote is read together", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`)
      const write = (version: number) => other("MSET", ...keys.flatMap((key) => [`test:${key}`, `${version}`]))
      yield* write(0)
      yield* commandStats(redis.url)
      let isOver = false
      let reads = 0
      const reader = Effect.gen(function* () {
        while (!isOver) {
          const versions = new Set(Array.from((yield* cached.getMany(keys)).values(), Option.getOrUndefined))
          assert.strictEqual(versions.size, 1, `versions ${Array.from(versions)} in one read`)
          if (++reads % 20 === 0) yield* cached.get(keys[reads % keys.length] as string)
          yield* Effect.sleep(reads % 3)
        }
      })
      const readers = yield* Effect.forEach(Array.from({ length: 10 }), () => Effect.forkChild(reader))
      for (let version = 1; version <= 100; version++) {
        yield* write(version)
        yield* eventually(() => reads >= version * 60)
      }
      isOver = true
      yield* Effect.forEach(readers, Fiber.join)
      const asked = (yield* commandStats(redis.url))("mget")
      assert.isBelow(asked, reads / 2)
    })
  )

  it.live("of getMany is none unless all of its keys are there", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, nearCache })
      yield* cached.setMany(["a", "b", "c"].map((key) => [key, key]))
      yield* warm(cached, "a", "b")
      yield* commandStats(url)
      const values = Array.from((yield* cached.getMany(["a", "b", "c"])).values(), Option.getOrUndefined)
      assert.deepStrictEqual(values, ["a", "b", "c"])
      const ran = yield* commandStats(url)
      assert.deepStrictEqual([ran("mget"), ran("get")], [1, 0])
    })
  )

  it.live("is what was read before: of a key that is read once nothing is asked but its value", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, nearCache })
      const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`)
      yield* cached.setMany(keys.map((key) => [key, "value"]))
      yield* commandStats(url)
      yield* cached.getMany(keys)
      yield* moment(cached)
      const once = yield* commandStats(url)
      yield* cached.getMany(keys)
      yield* moment(cached)
      const twice = yield* commandStats(url)
      yield* cached.getMany(keys)
      const again = yield* commandStats(url)
      assert.deepStrictEqual([once("mget"), twice("mget"), again("mget")], [1, 1, 0])
      assert.deepStrictEqual([once("pttl"), twice("pttl"), again("pttl")], [0, 100, 0])
    })
  )

  it.live("comes from memory for no longer than `ttl`", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, nearCache: { maxEntries: 10, ttl: "3 seconds" } })
      yield* cached.set("key", "value")
      yield* warm(cached, "key", "absent")
      yield* commandStats(url)
      yield* cached.get("key")
      yield* cached.get("absent")
      const within = yield* commandStats(url)
      yield* Effect.sleep(3_100)
      yield* cached.ping
      yield* cached.get("key")
      yield* cached.get("absent")
      const beyond = yield* commandStats(url)
      assert.deepStrictEqual([within("get"), beyond("get")], [0, 2])
    })
  )

  it.live("is a miss beyond `maxEntries`", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, nearCache: { maxEntries: 10 } })
      const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`)
      yield* warm(cached, ...keys)
      yield* commandStats(url)
      for (const key of keys) yield* cached.get(key)
      assert.isAtLeast((yield* commandStats(url))("get"), 90)
    })
  )
})
