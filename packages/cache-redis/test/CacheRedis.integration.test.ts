/** The Redis adapter beside the contract. */

import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { askRedis } from "@hexcache/redis-testkit"
import { Duration, Effect, Exit, Fiber, Option, Stream } from "effect"
import {
  endsWithin,
  failAtOnce,
  failByDeadline,
  failSoon,
  failsFor,
  patience,
  succeedsWithin,
  untilSuccess
} from "./support/bounds.ts"
import { cache, readyCache, server } from "./support/servers.ts"

const hasMsetex = (url: string) =>
  Effect.promise(async () => {
    const script = "return redis.call('COMMAND', 'INFO', 'MSETEX')[1] and 1 or 0"
    return (await askRedis(url, ["EVAL", script, "0"])) === "1"
  })

describe.concurrent("CacheRedis", () => {
  it.live(
    "is built without Redis, fails, at once from the second operation on, and succeeds within a second of its start",
    () =>
      Effect.gen(function* () {
        const deadline = 1_000
        const redis = yield* server()
        yield* Effect.promise(() => redis.kill())
        const cached = yield* endsWithin(patience, cache({ url: redis.url, commandTimeout: deadline }))
        for (const error of [...(yield* failSoon(deadline, cached)), ...(yield* failAtOnce(deadline, cached))]) {
          assert.strictEqual(error.reason._tag, "Unavailable")
          assert.strictEqual(error.outcome, "NotExecuted")
          assert.isTrue(error.isRetryable)
        }
        yield* Effect.promise(() => redis.restart())
        yield* succeedsWithin(1_000, cached.set("key", "value"))
      })
  )

  it.live("ends every operation by its deadline while the server is frozen, and is back within a second", () =>
    Effect.gen(function* () {
      const deadline = 600
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, commandTimeout: deadline })
      yield* cached.set("key", "value")
      redis.freeze()
      const uninterruptible = yield* Effect.forkChild(Effect.uninterruptible(Effect.exit(cached.exists("key"))))
      yield* failByDeadline(deadline, cached)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(uninterruptible)))
      yield* failsFor("Unavailable", cached.get("key"))
      for (const { reason } of yield* failAtOnce(deadline, cached)) assert.strictEqual(reason._tag, "Unavailable")
      redis.thaw()
      yield* succeedsWithin(1_000, cached.get("key"))
    })
  )

  it.live("a killed server: what was sent is Unknown, what comes after is Unavailable, until it is back", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url })
      redis.freeze()
      const inFlight = yield* Effect.forkChild(Effect.flip(cached.increment("count")))
      yield* Effect.sleep(50)
      yield* Effect.promise(() => redis.kill())
      const lost = yield* Fiber.join(inFlight)
      assert.strictEqual(lost.reason._tag, "ConnectionLost")
      assert.strictEqual(lost.outcome, "Unknown")
      assert.isFalse(lost.isRetryable)
      assert.strictEqual((yield* Effect.flip(cached.get("key"))).reason._tag, "Unavailable")
      yield* Effect.promise(() => redis.restart())
      yield* untilSuccess(cached.increment("count"))
      assert.strictEqual(Option.getOrUndefined(yield* cached.get("count")), "1")
    })
  )

  it.live("goes on when the server has forgotten its scripts", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url })
      for (let round = 1; round <= 3; round++) {
        yield* Effect.promise(() => askRedis(url, ["SCRIPT", "FLUSH"]))
        assert.strictEqual(yield* cached.increment("count"), round)
        yield* cached.setMany([["lock", "me"]])
        assert.isTrue(yield* cached.compareAndDelete("lock", "me"))
      }
    })
  )

  it.live("at most maxPending operations wait, the next fails at once with Unavailable", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const deadline = 2_000
      const cached = yield* readyCache({ url: redis.url, maxPending: 10, commandTimeout: deadline })
      for (const operation of [cached.get("key"), cached.set("key", "value")]) {
        redis.freeze()
        const waiting = yield* Effect.forEach(Array.from({ length: 10 }), () =>
          Effect.forkChild(Effect.exit(operation))
        )
        yield* Effect.sleep(20)
        const further = Array.from({ length: 10 }, () => operation as typeof cached.ping)
        for (const error of yield* failAtOnce(deadline, cached, further)) {
          assert.strictEqual(error.reason._tag, "Unavailable")
          assert.include(error.message, "10 operations wait")
        }
        redis.thaw()
        yield* Effect.forEach(waiting, Fiber.join)
        yield* untilSuccess(cached.ping)
      }
    })
  )

  it.live("flush of an empty namespace removes the whole database, and no other", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["SET", "elsewhere", "value"]))
      const cached = yield* readyCache({ url: `${url}/3`, namespace: "" })
      yield* cached.setMany([
        ["a", "1"],
        ["b", "2"]
      ])
      yield* cached.flush
      assert.deepStrictEqual(yield* Stream.runCollect(cached.scan("*")), [])
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "1")
    })
  )

  it.live("setMany with a time to live is one MSETEX where the server has it, and tried once where it has not", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const ask = (...command: ReadonlyArray<string>) => Effect.promise(() => askRedis(url, command))
      const cached = yield* readyCache({ url })
      const isThere = yield* hasMsetex(url)
      yield* ask("CONFIG", "RESETSTAT")
      const keys = ["a", "b", "c"]
      for (let round = 0; round < 5; round++) {
        yield* cached.setMany(
          keys.map((key) => [key, `${round}`]),
          { ttl: "1 minute" }
        )
      }
      for (const key of keys) {
        assert.strictEqual(Option.getOrUndefined(yield* cached.get(key)), "4")
        const ttl = yield* cached.ttl(key)
        assert(ttl._tag === "Expires" && Duration.isLessThanOrEqualTo(ttl.remaining, Duration.minutes(1)))
      }
      const calls = /cmdstat_(msetex|evalsha):calls=(\d+)/.exec(yield* ask("INFO", "commandstats"))
      const refused = /errorstat_ERR:count=(\d+)/.exec(yield* ask("INFO", "errorstats"))?.[1]
      assert.deepStrictEqual(
        [calls?.[1], calls?.[2], refused],
        isThere ? ["msetex", "5", undefined] : ["evalsha", "5", "1"]
      )
    })
  )

  it.live("setMany with a time to live needs no leave for MSETEX", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const known = yield* hasMsetex(url)
      const user = ["ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", ...(known ? ["-msetex"] : [])]
      yield* Effect.promise(() => askRedis(url, user))
      const cached = yield* readyCache({ url, username: "app", password: "secret" })
      yield* cached.setMany([["key", "value"]], { ttl: "1 minute" })
      assert.strictEqual(Option.getOrUndefined(yield* cached.get("key")), "value")
    })
  )

  it.live("scan, deletePattern and flush of a namespace never ask for KEYS, nor flush the database", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url })
      yield* cached.setMany(Array.from({ length: 3_000 }, (_, index) => [`key-${index}`, "value"] as const))
      assert.lengthOf(yield* Stream.runCollect(cached.scan("*")), 3_000)
      assert.strictEqual(yield* cached.deletePattern("key-1*"), 1_111)
      yield* cached.flush
      const stats = yield* Effect.promise(() => askRedis(url, ["INFO", "commandstats"]))
      assert.match(stats, /cmdstat_scan:/)
      assert.match(stats, /cmdstat_unlink:/)
      assert.notMatch(stats, /cmdstat_(keys|flushdb|flushall):/)
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "0")
    })
  )

  it.live("leaves keys alone that are no UTF-8 and not of its namespace, and counts those that are", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      const cached = yield* readyCache({ url })
      yield* cached.set("key", "value")
      for (const key of ["test:\\255\\254", "other:\\255"]) {
        yield* Effect.promise(() => askRedis(url, ["EVAL", `return redis.call('SET', "${key}", 'value')`, "0"]))
      }
      assert.deepStrictEqual(yield* Stream.runCollect(cached.scan("*")), ["key"])
      assert.strictEqual(yield* cached.deletePattern("*"), 2)
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "1")
    })
  )

  it.live("a process whose layer is closed exits by itself, within 500 ms under a frozen server", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const program = `
        import { CachePort } from "@hexcache/cache-port"
        import { CacheRedis } from "@hexcache/cache-redis"
        import { Effect, Schedule } from "effect"
        const use = Effect.gen(function*() {
          const cache = yield* CachePort
          yield* Effect.retry(cache.ping, { times: 200, schedule: Schedule.spaced(20) })
          process.kill(${redis.pid}, "SIGSTOP")
          yield* Effect.forkDetach(Effect.ignore(cache.get("key")))
          yield* Effect.sleep(20)
          return performance.now()
        })
        const layer = CacheRedis.layer({ url: "${redis.url}", namespace: "exit", commandTimeout: "10 seconds" })
        const start = await Effect.runPromise(Effect.provide(use, layer))
        console.log(Math.round(performance.now() - start))`
      const { stderr, stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
          cwd: import.meta.dirname,
          timeout: 100_000
        })
      )
      assert.match(stdout, /^\d+\n$/)
      assert.isBelow(Number(stdout), 500 + patience)
      assert.strictEqual(stderr, "")
    })
  )
})
