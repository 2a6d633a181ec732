/** Connections of which the near cache cannot know whether they still tell every change. */
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Effect, Exit, Fiber, Scope } from "effect"
import { eventually, untilFailure, untilSuccess } from "../support/bounds.ts"
import { commandStats } from "../support/commandStats.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { beside, nearCache, text, warm } from "../support/nearCache.ts"
import { readyCache, server } from "../support/servers.ts"

const deadline = 500

/** Allowance for a busy machine in the age of a served value, in milliseconds. */
const margin = 500

describe.concurrent("a connection in doubt", () => {
  type Faulty = Effect.Success<typeof faultyServer>
  const silences: Record<string, (faulty: Faulty) => void> = {
    "bytes held": ({ proxy }) => proxy.hold(),
    "black hole": ({ proxy }) => proxy.blackHole(),
    "half-open socket": ({ proxy }) => proxy.halfOpen(),
    "replies dropped": ({ proxy }) => proxy.dropReplies()
  }

  for (const [name, begin] of Object.entries(silences)) {
    it.live(`${name}: serves nothing that is older than the deadline`, () =>
      Effect.gen(function* () {
        const faulty = yield* faultyServer
        const cached = yield* readyCache({ url: faulty.url, nearCache, commandTimeout: deadline })
        const other = yield* beside(faulty.redis)
        const acknowledged: Array<{ readonly version: number; readonly at: number }> = []
        const write = (version: number) =>
          Effect.map(other("SET", "test:key", `${version}`), () =>
            acknowledged.push({ version, at: performance.now() })
          )
        yield* write(1)
        yield* untilSuccess(warm(cached, "key"))
        yield* untilSuccess(cached.get("key"))
        begin(faulty)
        let version = 1
        let isOver = false
        const writing = yield* Effect.forkChild(
          Effect.gen(function* () {
            for (; !isOver; yield* Effect.sleep(5)) yield* write(++version)
          })
        )
        let served = 0
        for (const end = performance.now() + 3 * deadline; performance.now() < end; ) {
          const least = acknowledged.findLast(({ at }) => at <= performance.now() - deadline - margin)?.version ?? 0
          const exit = yield* Effect.exit(text(cached, "key"))
          if (Exit.isSuccess(exit)) {
            served++
            assert.isAtLeast(Number(exit.value), least)
          }
          yield* Effect.sleep(2)
        }
        assert.isAbove(served, 0)
        isOver = true
        yield* Fiber.join(writing)
        yield* Effect.promise(() => faulty.proxy.heal())
        yield* untilSuccess(cached.ping)
        assert.strictEqual(yield* untilSuccess(text(cached, "key")), `${version}`)
      })
    )
  }

  it.live("a slow network that falls silent: what counts is when the last answered command was sent", () =>
    Effect.gen(function* () {
      // Much longer than a busy machine adds to the latency: the value is served from memory until it is over.
      const deadline = 6_000
      const latency = 700
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, nearCache, commandTimeout: deadline })
      const other = yield* beside(redis)
      yield* other("SET", "test:key", "old")
      yield* untilSuccess(warm(cached, "key"))
      proxy.latency(latency)
      let answered = 0
      const asking = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.sleep(20),
            Effect.forkChild(Effect.map(Effect.exit(cached.exists("other")), () => answered++))
          )
        )
      )
      yield* eventually(() => answered > 10)
      yield* other("SET", "test:key", "new")
      const acknowledged = performance.now()
      yield* Effect.sleep(20)
      proxy.hold()
      let served = 0
      for (;;) {
        const age = performance.now() - acknowledged
        const exit = yield* Effect.exit(text(cached, "key"))
        if (Exit.isFailure(exit)) break
        served++
        // Counted from its answer, the last command would keep the value in memory for longer.
        assert.isBelow(age, deadline - latency)
        yield* Effect.sleep(2)
      }
      yield* Fiber.interrupt(asking)
      assert.isAbove(served, 0)
    })
  )

  it.live("a server that stands still: serves for no longer than the deadline", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache, commandTimeout: deadline })
      yield* cached.set("key", "value")
      yield* untilSuccess(warm(cached, "key"))
      assert.strictEqual(yield* text(cached, "key"), "value")
      redis.freeze()
      const frozen = performance.now()
      for (;;) {
        const began = performance.now() - frozen
        const exit = yield* Effect.exit(text(cached, "key"))
        if (Exit.isFailure(exit)) break
        assert.isBelow(began, deadline + margin)
        yield* Effect.sleep(2)
      }
      redis.thaw()
    })
  )

  it.live("a connection that was lost: nothing that it read is served by the next", () =>
    Effect.gen(function* () {
      const { proxy, redis } = yield* faultyServer
      const cached = yield* readyCache({ url: proxy.url, nearCache })
      const other = yield* beside(redis)
      for (let round = 0; round < 5; round++) {
        yield* other("SET", "test:key", `before ${round}`)
        yield* cached.ping
        yield* warm(cached, "key", "absent")
        assert.strictEqual(yield* text(cached, "key"), `before ${round}`)
        proxy.refuse()
        yield* other("SET", "test:key", `after ${round}`)
        yield* untilFailure(cached)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(cached.get("absent"))))
        yield* Effect.promise(() => proxy.heal())
        yield* untilSuccess(cached.ping)
        assert.strictEqual(yield* text(cached, "key"), `after ${round}`)
      }
    })
  )

  it.live("CLIENT KILL: the next connection tracks too", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache })
      yield* cached.set("key", "value")
      for (let round = 0; round < 3; round++) {
        yield* untilSuccess(warm(cached, "key"))
        yield* Effect.promise(() => askRedis(redis.url, ["CLIENT", "KILL", "TYPE", "normal"]))
        yield* untilSuccess(cached.ping)
        yield* untilSuccess(warm(cached, "key"))
        yield* commandStats(redis.url)
        assert.strictEqual(yield* text(cached, "key"), "value")
        assert.strictEqual((yield* commandStats(redis.url))("get"), 0)
        yield* Effect.promise(() => askRedis(redis.url, ["SET", "test:key", "other"]))
        yield* cached.ping
        assert.strictEqual(yield* text(cached, "key"), "other")
        yield* cached.set("key", "value")
      }
    })
  )

  it.live("a cache that is being closed serves nothing, though it waits for what is in flight", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const scope = yield* Scope.make()
      const cached = yield* Scope.provide(readyCache({ url: redis.url, nearCache }), scope)
      yield* untilSuccess(warm(cached, "key"))
      yield* cached.get("key")
      redis.freeze()
      const inFlight = yield* Effect.forkChild(Effect.exit(cached.ping), { startImmediately: true })
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual((yield* Effect.flip(cached.get("key"))).reason._tag, "Unavailable")
      yield* Fiber.join(closing)
      yield* Fiber.join(inFlight)
    })
  )
})

// Not beside the others, whose event loop it blocks.
describe("a connection in doubt", () => {
  it.live("a blocked event loop: serves nothing that it may have missed a change of", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache, commandTimeout: deadline })
      yield* cached.set("key", "value")
      yield* untilSuccess(warm(cached, "key"))
      yield* commandStats(redis.url)
      yield* cached.ping
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, deadline)
      yield* cached.get("key")
      assert.strictEqual((yield* commandStats(redis.url))("get"), 1)
    })
  )
})
