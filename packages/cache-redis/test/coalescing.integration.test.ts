/** The gets of one turn, which share a round trip: who is answered with what, and in which order. */
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Fiber, Option } from "effect"
import { commandStats } from "./support/commandStats.ts"
import { readyCache, server } from "./support/servers.ts"

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

  it.live("a get that is interrupted in its turn is not asked, and harms no other", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cache = yield* readyCache({ url })
      yield* cache.set("key", "value")
      yield* commandStats(url)
      const gone = yield* Effect.forkChild(cache.get("gone"), { startImmediately: true })
      const shared = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
      const staying = yield* Effect.forkChild(cache.get("key"), { startImmediately: true })
      yield* Effect.all([Fiber.interrupt(gone), Fiber.interrupt(shared)], { concurrency: "unbounded" })
      assert.strictEqual(Option.getOrUndefined(yield* Fiber.join(staying)), "value")
      assert.strictEqual((yield* commandStats(url))("mget"), 0)
    })
  )
})
