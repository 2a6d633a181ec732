/** The near cache against a real server: when it serves, and above all when it does not. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, type RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Config, Context, Effect, Exit, Fiber, Layer, Logger, Option, Schedule, Scope } from "effect"
import { commandStats } from "./support/commandStats.ts"
import { faultyServer } from "./support/faultyServer.ts"
import { onTime } from "./support/onTime.ts"
import { readyCache, server } from "./support/servers.ts"

type Cache = CachePort["Service"]

const deadline = 100

const nearCache = { maxEntries: 1_000 }

/** Lets what is on its way arrive, on loopback. */
const moment = Effect.sleep(30)

const text = (cached: Cache, key: string) => Effect.map(cached.get(key), Option.getOrUndefined)

/** Reads keys a second time, after which they are in memory. */
const warm = (cached: Cache, ...keys: ReadonlyArray<string>) => {
  const read = Effect.forEach(keys, (key) => cached.get(key), { concurrency: "unbounded", discard: true })
  return Effect.andThen(read, Effect.andThen(read, moment))
}

/** A client beside the cache, on a connection of its own. */
const beside = ({ url }: Pick<RedisServer, "url">) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        createClient({ url })
          .on("error", () => {})
          .connect()
      ),
      (client) => Effect.sync(() => client.destroy())
    ),
    (client) =>
      (...args: ReadonlyArray<string>) =>
        Effect.promise(() => client.sendCommand(args))
  )

describe("a hit", () => {
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
      for (let version = 1; version <= 200; version++) {
        yield* write(version)
        yield* Effect.sleep(version % 10)
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
      yield* moment
      const once = yield* commandStats(url)
      yield* cached.getMany(keys)
      yield* moment
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
      const cached = yield* readyCache({ url, nearCache: { maxEntries: 10, ttl: "150 millis" } })
      yield* cached.set("key", "value")
      yield* warm(cached, "key", "absent")
      yield* commandStats(url)
      yield* cached.get("key")
      yield* cached.get("absent")
      const within = yield* commandStats(url)
      yield* Effect.sleep(200)
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

describe("a write of this process", () => {
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
          // By pattern it is found first, and removed then.
          const isAtOnce = name !== "deletePattern" && (name !== "flush" || namespace === "")
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

describe("a change by another client", () => {
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
      const cached = yield* readyCache({ url: proxy.url, nearCache, commandTimeout: "2 seconds" })
      const other = yield* beside(redis)
      for (const before of ["old", undefined]) {
        // The read is back after 100 ms, its time to live 100 ms later; the change is made and told between any of them.
        for (let wait = 60; wait < 200; wait += 20) {
          const key = `${before}-${wait}`
          if (before !== undefined) yield* other("SET", `test:${key}`, before)
          yield* cached.get(key)
          proxy.latency(50)
          const reading = yield* Effect.forkChild(text(cached, key), { startImmediately: true })
          yield* Effect.sleep(wait)
          yield* other("SET", `test:${key}`, "new")
          assert.strictEqual(yield* Fiber.join(reading), before)
          yield* Effect.sleep(200)
          assert.strictEqual(yield* text(cached, key), "new", `changed after ${wait} ms`)
          yield* Effect.promise(() => proxy.heal())
        }
      }
    })
  )

  it.live("of many keys by several clients: no read is older than the bound, and at rest every read is exact", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const bound = 50
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
      /** For each key, the versions that were acknowledged, and when. */
      const acknowledged = new Map(keys.map((key) => [key, [{ version: 0, at: performance.now() }]]))
      const versionBefore = (key: string, instant: number): number =>
        acknowledged.get(key)?.findLast(({ at }) => at <= instant)?.version ?? 0
      let isOver = false
      let reads = 0
      const writer = (part: number) =>
        Effect.gen(function* () {
          const other = yield* beside(redis)
          for (let version = 1; !isOver; version++) {
            const key = keys[((version * 7) % 25) * 2 + part] as string
            yield* other("SET", `test:${key}`, `${version}`, ...(version % 2 === 0 ? ["PX", "60000"] : []))
            acknowledged.get(key)?.push({ version, at: performance.now() })
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
      yield* Effect.sleep(3_000)
      isOver = true
      yield* Effect.forEach([...writers, ...readers], Fiber.join)
      const ran = yield* commandStats(redis.url)
      assert.isAbove(reads, 10_000)
      assert.isBelow(ran("get") + ran("mget"), reads / 4)
      yield* cached.ping
      for (const key of keys) {
        const last = acknowledged.get(key)?.at(-1)?.version ?? 0
        assert.strictEqual(Number((yield* text(cached, key)) ?? 0), last)
      }
    })
  )
})

describe("a time to live", () => {
  /** Polls keys until they are gone, and answers by how much longer than allowed one was served, at most. */
  const longestOverdue = (cached: Cache, ends: ReadonlyMap<string, number>) =>
    Effect.gen(function* () {
      let longest = Number.NEGATIVE_INFINITY
      const left = new Map(ends)
      while (left.size > 0) {
        for (const [key, end] of left) {
          const asked = performance.now()
          if ((yield* text(cached, key)) === undefined) left.delete(key)
          else longest = Math.max(longest, asked - end)
        }
        yield* Effect.sleep(1)
      }
      return longest
    })

  it.live("ends in memory when it ends on the server, though the server tells later", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--hz", "1"] })
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      const ends = new Map<string, number>()
      for (let index = 0; index < 40; index++) {
        yield* other("SET", `test:key-${index}`, "value", "PX", `${300 + index * 10}`)
        // A server's clock is of whole milliseconds.
        ends.set(`key-${index}`, performance.now() + 300 + index * 10 + 1)
      }
      yield* warm(cached, ...ends.keys())
      assert.isAtMost(yield* longestOverdue(cached, ends), 0)
    })
  )

  it.live("is the new one when another client changes it", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--hz", "1"] })
      const cached = yield* readyCache({ url: redis.url, nearCache })
      const other = yield* beside(redis)
      yield* other("SET", "test:shorter", "value")
      yield* other("SET", "test:longer", "value", "PX", "300")
      yield* warm(cached, "shorter", "longer")
      yield* other("PEXPIRE", "test:shorter", "300")
      const end = performance.now() + 301
      yield* other("PERSIST", "test:longer")
      assert.isAtMost(yield* longestOverdue(cached, new Map([["shorter", end]])), 0)
      assert.strictEqual(yield* text(cached, "longer"), "value")
    })
  )
})

describe("a connection in doubt", () => {
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
        yield* warm(cached, "key")
        yield* cached.get("key")
        begin(faulty)
        let version = 1
        let isOver = false
        const writing = yield* Effect.forkChild(
          Effect.gen(function* () {
            for (; !isOver; yield* Effect.sleep(5)) yield* write(++version)
          })
        )
        let served = 0
        for (const end = performance.now() + 600; performance.now() < end; ) {
          const least = acknowledged.findLast(({ at }) => at <= performance.now() - deadline)?.version ?? 0
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
        yield* Effect.retry(cached.ping, { times: 300, schedule: Schedule.spaced(10) })
        assert.strictEqual(yield* text(cached, "key"), `${version}`)
      })
    )
  }

  it.live("a slow network that falls silent: what counts is when the last answered command was sent", () =>
    onTime(
      Effect.gen(function* () {
        const { proxy, redis, url } = yield* faultyServer
        const cached = yield* readyCache({ url, nearCache, commandTimeout: deadline })
        const other = yield* beside(redis)
        yield* other("SET", "test:key", "old")
        yield* warm(cached, "key")
        proxy.latency(40)
        const asking = yield* Effect.forkChild(
          Effect.forever(Effect.andThen(Effect.sleep(4), Effect.forkChild(Effect.exit(cached.exists("other")))))
        )
        yield* Effect.sleep(150)
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
          assert.isBelow(age, deadline)
          yield* Effect.sleep(2)
        }
        yield* Fiber.interrupt(asking)
        assert.isAbove(served, 0)
      })
    )
  )

  it.live("a server that stands still: serves for no longer than the deadline", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache, commandTimeout: deadline })
      yield* cached.set("key", "value")
      yield* warm(cached, "key")
      assert.strictEqual(yield* text(cached, "key"), "value")
      redis.freeze()
      const frozen = performance.now()
      for (;;) {
        const asked = performance.now() - frozen
        const exit = yield* Effect.exit(text(cached, "key"))
        if (Exit.isFailure(exit)) break
        assert.isBelow(asked, deadline)
        yield* Effect.sleep(2)
      }
      redis.thaw()
    })
  )

  it.live("a blocked event loop: serves nothing that it may have missed a change of", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url, nearCache, commandTimeout: deadline })
      yield* cached.set("key", "value")
      yield* warm(cached, "key")
      yield* commandStats(redis.url)
      yield* cached.ping
      for (const end = performance.now() + deadline; performance.now() < end; );
      yield* cached.get("key")
      assert.strictEqual((yield* commandStats(redis.url))("get"), 1)
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
        yield* moment
        assert.isTrue(Exit.isFailure(yield* Effect.exit(cached.get("absent"))))
        yield* Effect.promise(() => proxy.heal())
        yield* Effect.retry(cached.ping, { times: 300, schedule: Schedule.spaced(10) })
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
        yield* warm(cached, "key")
        yield* Effect.promise(() => askRedis(redis.url, ["CLIENT", "KILL", "TYPE", "normal"]))
        yield* moment
        yield* Effect.retry(cached.ping, { times: 300, schedule: Schedule.spaced(10) })
        yield* warm(cached, "key")
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
      yield* warm(cached, "key")
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

describe("a server that does not tell", () => {
  it.live("is asked every time, and one warning says so", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", "shop", "on", "nopass", "~*", "+@all", "-client"]))
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => {
        lines.push(`${message}`)
      })
      yield* Effect.gen(function* () {
        const cached = yield* readyCache({ url: `redis://shop:any@127.0.0.1:${port}`, nearCache })
        yield* cached.set("key", "value")
        yield* warm(cached, "key")
        yield* Effect.promise(() => askRedis(url, ["CLIENT", "KILL", "TYPE", "normal"]))
        yield* moment
        yield* Effect.retry(cached.ping, { times: 300, schedule: Schedule.spaced(10) })
        yield* warm(cached, "key")
        yield* commandStats(url)
        for (let round = 0; round < 10; round++) assert.strictEqual(yield* text(cached, "key"), "value")
        assert.strictEqual((yield* commandStats(url))("get"), 10)
      }).pipe(Effect.scoped, Effect.provide(Logger.layer([logger])))
      assert.lengthOf(
        lines.filter((line) => line.includes("near cache")),
        1
      )
    })
  )
})

describe("the layers of one server at a time", () => {
  it.live("have a near cache each", () =>
    Effect.gen(function* () {
      const { url } = yield* server()
      for (const layer of [
        CacheRedis.layerConfig({
          url: Config.succeed(url),
          namespace: Config.succeed("test"),
          nearCache: { maxEntries: Config.succeed(10) }
        }),
        CacheRedis.layerFromClient(createClient({ url }), { namespace: "test", nearCache })
      ]) {
        yield* Effect.gen(function* () {
          const cached = Context.get(yield* Layer.build(layer), CachePort)
          yield* Effect.retry(cached.ping, { times: 200, schedule: Schedule.spaced(20) })
          yield* warm(cached, "key")
          yield* commandStats(url)
          yield* cached.get("key")
          assert.strictEqual((yield* commandStats(url))("get"), 0)
        }).pipe(Effect.scoped)
      }
    })
  )
})

describe("bounds that are none", () => {
  it.live("fail the layer", () =>
    Effect.gen(function* () {
      for (const bounds of [
        {},
        null,
        "1000",
        { maxEntries: 0 },
        { maxEntries: 1.5 },
        { maxEntries: "10" },
        { maxEntries: 10, maxBytes: 0 },
        { maxEntries: 10, ttl: 0 },
        { maxEntries: 10, ttl: -1 },
        { maxEntries: 10, ttl: "soon" }
      ]) {
        const options = { namespace: "test", nearCache: bounds as never }
        for (const layer of [
          CacheRedis.layer({ url: "redis://127.0.0.1:1", ...options }),
          CacheRedis.layerSentinel({ name: "main", sentinels: [{ host: "127.0.0.1", port: 1 }], ...options }),
          CacheRedis.layerFromClient(createClient(), options)
        ]) {
          const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
          assert.strictEqual(error.reason._tag, "InvalidArgument", JSON.stringify(bounds))
        }
      }
      const onCluster = CacheRedis.layerCluster({
        rootNodes: ["redis://127.0.0.1:1"],
        namespace: "test",
        nearCache: { maxEntries: 10 } as never
      })
      assert.strictEqual((yield* Effect.flip(Effect.scoped(Layer.build(onCluster)))).reason._tag, "InvalidArgument")
    })
  )
})
