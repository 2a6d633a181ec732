/** Changes that another client makes of keys that the near cache may have. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { eventually, patience } from "../support/bounds.ts"
import { commandStats } from "../support/commandStats.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { beside, moment, nearCache, text, warm } from "../support/nearCache.ts"
import { readyCache, server } from "../support/servers.ts"

describe.concurrent("a change by another client", () => {
  const key = "test:key"
  const changes: Record<string, readonly [command: ReadonlyArray<string>, after: string | undefined]> = {
    SET: [["SET", key, "2"], "2"],
    APPEND: [["APPEND", key, "2"], "12"],
    INCR: [["INCR", key], "2"],
    DEL: [["DEL", key], undefined],
    GETDEL: [["GETDEL", key], undefined],
    "RENAME away": [["RENAME", key, "test:elsewhere"], undefined],
    "RENAME here": [["RENAME", "test:source", key], "source"],
    COPY: [["COPY", "test:source", key, "REPLACE"], "source"],
    MOVE: [["MOVE", key, "1"], undefined],
    "PEXPIRE in the past": [["PEXPIRE", key, "-1"], undefined],
    "a script": [["EVAL", "return redis.call('SET', KEYS[1], '2')", "1", key], "2"],
    FLUSHDB: [["FLUSHDB"], undefined],
    FLUSHALL: [["FLUSHALL"], undefined]
  }
  it.live("is read as soon as the server has answered anything that was sent after it", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      for (const [name, [command, after]] of Object.entries(changes)) {
        yield* other("FLUSHALL")
        yield* other("SET", "test:source", "source")
        yield* other("SET", key, "1")
        yield* cached.ping
        yield* warm(cached, "key")
        assert.strictEqual(yield* text(cached, "key"), "1", name)
        yield* other(...command)
        yield* cached.ping
        assert.strictEqual(yield* text(cached, "key"), after, name)
      }
    })
  )

  it.live("is read where there was nothing before", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      yield* warm(cached, "key")
      yield* other("SET", key, "value")
      yield* cached.ping
      assert.strictEqual(yield* text(cached, "key"), "value")
    })
  )

  it.live("is read when the server has evicted the key", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-random"] })
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
      yield* cached.setMany(keys.map((key) => [key, "value"]))
      yield* warm(cached, ...keys)
      for (let index = 0; index < 8_000; index++) yield* other("SET", `filling-${index}`, "x".repeat(1_000))
      yield* cached.ping
      let evicted = 0
      for (const key of keys) {
        const isThere = Number(yield* other("EXISTS", `test:${key}`)) === 1
        if (!isThere) evicted++
        assert.strictEqual(yield* text(cached, key), isThere ? "value" : undefined)
      }
      assert.isAbove(evicted, 10)
    })
  )

  it.live("while a read of the key is on its way: the read is not kept", () =>
    Effect.gen(function* () {
      const { proxy, redis } = yield* faultyServer
      const cached = yield* readyCache({ url: proxy.url, nearCache })
      const other = yield* beside(redis)
      for (const before of ["old", undefined]) {
        // The read is back after 100 ms, its time to live 100 ms later; the change is made and told between any of them.
        const waits = Array.from({ length: 7 }, (_, index) => 60 + index * 20)
        const key = (wait: number) => `${before}-${wait}`
        for (const wait of waits) {
          if (before !== undefined) yield* other("SET", `test:${key(wait)}`, before)
          yield* cached.get(key(wait))
        }
        proxy.latency(50)
        const change = (wait: number) =>
          Effect.gen(function* () {
            const reading = yield* Effect.forkChild(text(cached, key(wait)), { startImmediately: true })
            yield* Effect.sleep(wait)
            yield* other("SET", `test:${key(wait)}`, "new")
            // On a busy machine the read may come after the change.
            assert.include([before, "new"], yield* Fiber.join(reading))
          })
        yield* Effect.forEach(waits, change, { concurrency: "unbounded" })
        yield* moment(cached)
        for (const wait of waits) assert.strictEqual(yield* text(cached, key(wait)), "new", `changed after ${wait} ms`)
        yield* Effect.promise(() => proxy.heal())
      }
    })
  )

  it.live("of many keys by several clients: no read is older than the bound, and at rest every read is exact", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const bound = patience
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
      /** For each key, the versions that were acknowledged, and when. */
      const acknowledged = new Map(keys.map((key) => [key, [{ version: 0, at: performance.now() }]]))
      const versionBefore = (key: string, instant: number): number =>
        acknowledged.get(key)?.findLast(({ at }) => at <= instant)?.version ?? 0
      let isOver = false
      let reads = 0
      let writes = 0
      const writer = (part: number) =>
        Effect.gen(function* () {
          const other = yield* beside(redis)
          for (let version = 1; !isOver; version++) {
            const key = keys[((version * 7) % 25) * 2 + part] as string
            yield* other("SET", `test:${key}`, `${version}`, ...(version % 2 === 0 ? ["PX", "60000"] : []))
            acknowledged.get(key)?.push({ version, at: performance.now() })
            writes++
            yield* Effect.sleep(version % 5)
          }
        })
      const reader = Effect.gen(function* () {
        while (!isOver) {
          const key = keys[(reads * 13) % keys.length] as string
          const least = versionBefore(key, performance.now() - bound)
          const version = Number((yield* text(cached, key)) ?? 0)
          assert.isAtLeast(version, least, key)
          if (++reads % 50 === 0) yield* Effect.sleep(1)
        }
      })
      yield* commandStats(redis.url)
      const writers = yield* Effect.forEach([0, 1], (part) => Effect.forkChild(Effect.scoped(writer(part))))
      const readers = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkChild(reader))
      yield* eventually(() => reads > 30_000 && writes > 500)
      isOver = true
      yield* Effect.forEach([...writers, ...readers], Fiber.join)
      const ran = yield* commandStats(redis.url)
      assert.isBelow(ran("get") + ran("mget"), reads / 4)
      yield* cached.ping
      for (const key of keys) {
        const last = acknowledged.get(key)?.at(-1)?.version ?? 0
        assert.strictEqual(Number((yield* text(cached, key)) ?? 0), last)
      }
    })
  )
})
