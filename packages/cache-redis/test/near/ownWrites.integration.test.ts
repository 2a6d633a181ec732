/** Writes of the process that has the near cache. */
import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import { Effect } from "effect"
import { nearCache, text, warm } from "../support/nearCache.ts"
import { readyCache, server } from "../support/servers.ts"

type Cache = CachePort["Service"]

describe.concurrent("a write of this process", () => {
  const writes: Record<string, (cached: Cache) => Effect.Effect<unknown, unknown>> = {
    set: (cached) => cached.set("key", "2"),
    "set with a time to live": (cached) => cached.set("key", "2", { ttl: "1 minute" }),
    setMany: (cached) =>
      cached.setMany([
        ["another", "2"],
        ["key", "2"]
      ]),
    increment: (cached) => cached.increment("key"),
    delete: (cached) => cached.delete("key"),
    deleteMany: (cached) => cached.deleteMany(["other", "key"]),
    getAndDelete: (cached) => cached.getAndDelete("key"),
    compareAndDelete: (cached) => cached.compareAndDelete("key", "1"),
    getAndExpire: (cached) => Effect.andThen(cached.getAndExpire("key", 1), Effect.sleep(20)),
    compareAndExpire: (cached) => Effect.andThen(cached.compareAndExpire("key", "1", 1), Effect.sleep(20)),
    "expire at once": (cached) => cached.expire("key", 0),
    deletePattern: (cached) => cached.deletePattern("k*"),
    flush: (cached) => cached.flush
  }
  for (const namespace of ["test", ""]) {
    it.live(`is read from the moment in which it is sent, in the namespace "${namespace}"`, () =>
      Effect.gen(function* () {
        const { url } = yield* server()
        const cached = yield* readyCache({ url, namespace, nearCache })
        for (const [name, write] of Object.entries(writes)) {
          yield* cached.set("key", "1")
          yield* warm(cached, "key", "other")
          const [, read] = yield* Effect.all([write(cached), text(cached, "key")], { concurrency: "unbounded" })
          const after = ["set", "set with a time to live", "setMany", "increment"].includes(name) ? "2" : undefined
          // By pattern it is found first, and removed then. A time to live has to pass first.
          const isAtOnce =
            !["deletePattern", "getAndExpire", "compareAndExpire"].includes(name) &&
            (name !== "flush" || namespace === "")
          if (isAtOnce) assert.strictEqual(read, after, name)
          assert.strictEqual(yield* text(cached, "key"), after, name)
        }
        yield* cached.delete("key")
        yield* warm(cached, "key")
        assert.isTrue(yield* cached.setIfAbsent("key", "set"))
        assert.strictEqual(yield* text(cached, "key"), "set")
      })
    )
  }

  it.live("is not hidden by a read that was sent before it", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url, nearCache })
      for (let round = 0; round < 200; round++) {
        yield* cached.set("key", "before")
        yield* warm(cached, "key").pipe(Effect.when(Effect.succeed(round % 2 === 0)))
        const [before, , after, later] = yield* Effect.all(
          [text(cached, "key"), cached.set("key", "after"), text(cached, "key"), Effect.delay(text(cached, "key"), 1)],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([before, after, later], ["before", "after", "after"])
        assert.strictEqual(yield* text(cached, "key"), "after")
      }
    })
  )
})
