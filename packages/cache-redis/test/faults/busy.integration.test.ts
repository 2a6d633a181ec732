/** A process that is busy, or has nothing to send. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Fiber } from "effect"
import { vi } from "vitest"
import { faultyServer } from "../support/faultyServer.ts"
import { cache, readyCache, server } from "../support/servers.ts"

describe.concurrent("a process that is busy", () => {
  for (const latency of [10, 50]) {
    it.live(
      `event loop blocked for longer than a deadline, four times, at ${latency * 2} ms to and fro: no false timeout`,
      () =>
        Effect.gen(function* () {
          const { proxy, url } = yield* faultyServer
          proxy.latency(latency)
          const program = new URL("../programs/blockedLoop.ts", import.meta.url).pathname
          const options = ["--times", "4", "--millis", "2000", "--deadline", "1500"]
          const { stderr, stdout } = yield* Effect.promise(() =>
            promisify(execFile)(process.execPath, [program, url, ...options])
          )
          assert.strictEqual(stderr, "")
          const { failures, operations } = JSON.parse(stdout)
          assert.deepStrictEqual(failures, {})
          assert.isAbove(operations, 1_000)
          assert.strictEqual(proxy.accepted, 1)
        })
    )
  }

  it.live("event loop blocked for most of a deadline: no false timeout of what takes two round trips", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: "1 second" })
      yield* cached.set("key", "value")
      yield* Effect.promise(() => askRedis(redis.url, ["SCRIPT", "FLUSH"]))
      proxy.latency(60)
      const deleting = yield* Effect.forkChild(cached.compareAndDelete("key", "value"), { startImmediately: true })
      for (const begun = performance.now(); performance.now() < begun + 900; );
      assert.isTrue(yield* Fiber.join(deleting))
    })
  )

  it.live("default timeout of the client: off, no AbortSignal a command", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url })
      const signals = [vi.spyOn(AbortSignal, "timeout"), vi.spyOn(AbortSignal, "any")]
      yield* Effect.addFinalizer(() => Effect.sync(() => signals.map((spy) => spy.mockRestore())))
      yield* Effect.forEach(Array.from({ length: 1_000 }), () => cached.get("key"), { concurrency: 50 })
      for (const spy of signals) assert.strictEqual(spy.mock.calls.length, 0)
    })
  )

  it.live("empty batches: no I/O, empty answer, also without a server", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      yield* Effect.promise(() => redis.kill())
      const cached = yield* cache({ url: redis.url })
      assert.strictEqual((yield* cached.getMany([])).size, 0)
      assert.strictEqual(yield* cached.deleteMany([]), 0)
      yield* cached.setMany([])
    })
  )
})
