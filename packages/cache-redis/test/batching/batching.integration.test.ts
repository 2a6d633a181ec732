/** The gets and increments of one turn, which share a round trip: who is answered with what, and in which order. */
import { assert, describe, it } from "@effect/vitest"
import type { CacheError } from "@hexcache/cache-port"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Fiber, Option } from "effect"
import { commandStats } from "../support/commandStats.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { readyCache, server } from "../support/servers.ts"

describe("concurrent gets", () => {
  it.live("share one MGET, equal keys asked once, and everyone has the answer to what was asked", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* cache.setMany(Array.from({ length: 50 }, (_, index) => [`key-${index}`, `value-${index}`] as const))
      yield* commandStats(url)
      const asked = Array.from({ length: 500 }, (_, index) => index % 60)
      const answers = yield* Effect.forEach(asked, (index) => cache.get(`key-${index}`), { concurrency: "unbounded" })
      for (const [place, index] of asked.entries()) {
        const answer = Option.getOrUndefined(answers[place] ?? Option.none())
        assert.strictEqual(answer, index < 50 ? `value-${index}` : undefined)
      }
      const ran = yield* commandStats(url)
      assert.isAtMost(ran("mget"), 5)
      assert.isAtMost(ran("get"), 5)
    })
  )

  it.live("one get alone is a GET, and 250 keys are several MGETs", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* commandStats(url)
      yield* cache.get("key")
      const alone = yield* commandStats(url)
      assert.deepStrictEqual([alone("get"), alone("mget")], [1, 0])
      const keys = Array.from({ length: 250 }, (_, index) => `key-${index}`)
      yield* Effect.forEach(keys, (key) => cache.get(key), { concurrency: "unbounded" })
      assert.isAtLeast((yield* commandStats(url))("mget"), 3)
    })
  )

  it.live("a write goes behind the gets of its key that came before it, and before those that come after", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      for (let round = 0; round < 200; round++) {
        yield* cache.setMany([
          ["key", "before"],
          ["other", "other"]
        ])
        const asked = [
          cache.get("other"),
          cache.get("key"),
          Effect.as(
            [
              cache.set("key", "after"),
              cache.setMany([["key", "after"]]),
              Effect.andThen(cache.deletePattern("nothing"), cache.set("key", "after"))
            ][round % 3] as Effect.Effect<void, never>,
            Option.none<string>()
          ),
          cache.get("key")
        ]
        const [other, before, , after] = yield* Effect.all(asked, { concurrency: "unbounded" })
        assert.strictEqual(Option.getOrUndefined(other ?? Option.none()), "other")
        assert.strictEqual(Option.getOrUndefined(before ?? Option.none()), "before")
        if (round % 3 !== 2) assert.strictEqual(Option.getOrUndefined(after ?? Option.none()), "after")
      }
    })
  )

  it.live("a key that the user may not read fails alone", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", "nopass", "~test:open*", "+@all"]))
      yield* Effect.promise(() => askRedis(url, ["SET", "test:open", "value"]))
      const cache = yield* readyCache({ url: `redis://shop:any@127.0.0.1:${port}` })
      const [open, closed] = yield* Effect.all([cache.get("open"), Effect.flip(cache.get("closed"))], {
        concurrency: "unbounded"
      })
      assert.strictEqual(Option.getOrUndefined(open), "value")
      assert.strictEqual(closed.reason._tag, "AccessDenied")
      assert.strictEqual(closed.key, "closed")
    })
  )

  it.live("a user that may GET and not MGET reads all the same", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", "nopass", "~*", "+get", "+ping"]))
      const cache = yield* readyCache({ url: `redis://shop:any@127.0.0.1:${port}` })
      const answers = yield* Effect.all([cache.get("a"), cache.get("b")], { concurrency: "unbounded" })
      assert.deepStrictEqual(answers, [Option.none(), Option.none()])
    })
  )

  it.live("a user that may GET and not MGET waits no longer than the deadline", () =>
    Effect.gen(function* () {
      const { proxy, redis } = yield* faultyServer
      yield* Effect.promise(() =>
        askRedis(redis.url, ["ACL", "SETUSER", "shop", "on", "nopass", "~*", "+get", "+ping"])
      )
      const url = `redis://shop:any@127.0.0.1:${proxy.port}`
      const cache = yield* readyCache({ url, commandTimeout: "600 millis" })
      // The MGET is refused after 400 ms, and the GETs would be answered after 800.
      proxy.latency(200)
      const failures = yield* Effect.all([Effect.flip(cache.get("a")), Effect.flip(cache.get("b"))], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        failures.map(({ reason }) => reason._tag),
        ["TimedOut", "TimedOut"]
      )
    })
  )

  it.live("a get that is interrupted in its turn harms no other", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* cache.set("key", "value")
      const gone = yield* Effect.forkChild(cache.get("gone"), { startImmediately: true })
      const shared = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
      const staying = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
      const exits = yield* Effect.all([Fiber.interrupt(gone), Fiber.interrupt(shared)], { concurrency: "unbounded" })
      assert.strictEqual(exits.length, 2)
      assert.strictEqual(Option.getOrUndefined(yield* Fiber.join(staying)), "value")
    })
  )
})

describe("a write whose caller goes before it is sent", () => {
  it.live("is never sent, on a connection that is ready", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      for (const write of [cache.set("gone", "value"), cache.increment("gone"), cache.setJson("gone", [])]) {
        const writing = yield* Effect.forkChild(Effect.asVoid<unknown, CacheError, never>(write), {
          startImmediately: true
        })
        yield* Fiber.interrupt(writing)
      }
      yield* cache.set("kept", "value")
      yield* Effect.sleep(50)
      assert.isFalse(yield* cache.exists("gone"))
      assert.isTrue(yield* cache.exists("kept"))
    })
  )
})

describe("concurrent increments", () => {
  it.live("share a script, and everyone has the sum of its own step", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* commandStats(url)
      const steps = Array.from({ length: 1_000 }, (_, index) => index)
      const sums = yield* Effect.forEach(steps, (step) => cache.increment(`count-${step % 10}`, step), {
        concurrency: "unbounded"
      })
      const expected = new Map<number, number>()
      for (const step of steps) {
        const sum = (expected.get(step % 10) ?? 0) + step
        expected.set(step % 10, sum)
        assert.strictEqual(sums[step], sum)
      }
      const ran = yield* commandStats(url)
      assert.strictEqual(ran("incrby"), 1_000)
      assert.isAtMost(ran("evalsha"), 20)
    })
  )

  it.live("fail each for itself", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", "nopass", "~test:open*", "+@all"]))
      const cache = yield* readyCache({ url })
      yield* cache.set("open-text", "text")
      yield* cache.set("open-largest", String(Number.MAX_SAFE_INTEGER))
      yield* Effect.promise(() => askRedis(url, ["RPUSH", "test:open-list", "item"]))
      const limited = yield* readyCache({ url: `redis://shop:any@127.0.0.1:${port}` })
      const keys = ["open-count", "open-text", "open-list", "closed", "open-largest", "open-count"]
      const tellOf = (key: string) =>
        Effect.match(limited.increment(key), {
          onFailure: ({ key, reason }) => `${key} ${reason._tag}`,
          onSuccess: (sum) => sum
        })
      assert.deepStrictEqual(yield* Effect.forEach(keys, tellOf, { concurrency: "unbounded" }), [
        1,
        "open-text WrongType",
        "open-list WrongType",
        "closed AccessDenied",
        "open-largest OutOfRange",
        2
      ])
      assert.deepStrictEqual(yield* cache.get("open-largest"), Option.some(String(Number.MAX_SAFE_INTEGER)))
    })
  )

  it.live("stay in order with gets, sets and removals of their key", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      for (let round = 0; round < 100; round++) {
        const asked = [
          cache.get("count"),
          cache.increment("count", 2),
          cache.get("count"),
          Effect.as(cache.set("count", "10"), undefined),
          cache.increment("count"),
          cache.get("count"),
          cache.delete("count"),
          cache.increment("other")
        ]
        const answers = yield* Effect.all(asked as ReadonlyArray<Effect.Effect<unknown, CacheError>>, {
          concurrency: "unbounded"
        })
        const expected = [Option.none(), 2, Option.some("2"), undefined, 11, Option.some("11"), true, round + 1]
        assert.deepStrictEqual(answers, expected)
      }
    })
  )

  it.live("are not carried out when their callers have gone in the same turn", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* Effect.forEach(Array.from({ length: 50 }), () =>
        Effect.gen(function* () {
          const gone = yield* Effect.forkChild(cache.increment("gone"), { startImmediately: true })
          const staying = yield* Effect.forkChild(cache.increment("count"), { startImmediately: true })
          gone.interruptUnsafe()
          yield* Fiber.join(staying)
        })
      )
      assert.deepStrictEqual(yield* cache.get("gone"), Option.none())
      assert.deepStrictEqual(yield* cache.get("count"), Option.some("50"))
    })
  )

  it.live("teach a server the script that has forgotten it", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* Effect.promise(() => askRedis(url, ["SCRIPT", "FLUSH"]))
      const sums = yield* Effect.forEach([1, 2, 3], (step) => cache.increment("count", step), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(sums, [1, 3, 6])
    })
  )

  it.live("are not sent again where the server has forgotten the script and the caller has gone meanwhile", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cache = yield* readyCache({ url })
      yield* Effect.promise(() => askRedis(redis.url, ["SCRIPT", "FLUSH"]))
      proxy.hold()
      const gone = yield* Effect.forkChild(cache.increment("gone"), { startImmediately: true })
      const staying = yield* Effect.forkChild(cache.increment("count"), { startImmediately: true })
      // Sent by then, and not answered.
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(gone)
      yield* Effect.promise(() => proxy.heal())
      assert.strictEqual(yield* Fiber.join(staying), 1)
      assert.deepStrictEqual(yield* cache.get("gone"), Option.none())
    })
  )
})
