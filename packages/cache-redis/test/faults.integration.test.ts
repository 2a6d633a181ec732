/** Every fault of a server or of the network between, caused for real: what the driver promises under it. */
import { execFile } from "node:child_process"
import { createServer, type Socket } from "node:net"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { askRedis, freePort } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect, Exit, Fiber, Logger, Option, Schedule, Stream } from "effect"
import { vi } from "vitest"
import { unaskedReplies } from "./storm/faults.ts"
import { randomFrom } from "./storm/random.ts"
import { faultyServer } from "./support/faultyServer.ts"
import { onTime } from "./support/onTime.ts"
import { cache, readyCache, server, timed } from "./support/servers.ts"

type Cache = CachePort["Service"]

const deadline = 100

/** How much later than promised something is seen to end, in milliseconds. */
const margin = 50

/** What is "at once", in milliseconds. */
const atOnce = 20

const untilSuccess = <A>(asked: Effect.Effect<A, CacheError>) =>
  Effect.retry(asked, { times: 500, schedule: Schedule.spaced(10) })

/** The error of what fails by `limit` milliseconds. */
const failsBy = (limit: number, asked: Effect.Effect<unknown, CacheError>) =>
  Effect.map(timed(Effect.flip(asked)), ([error, millis]) => {
    assert.isBelow(millis, limit)
    return error
  })

const everyKindOf = (cached: Cache): ReadonlyArray<Effect.Effect<unknown, CacheError>> => [
  cached.get("key"),
  cached.getMany(["a", "b"]),
  cached.set("key", "value"),
  cached.setMany([["a", "1"]]),
  cached.increment("count"),
  cached.deleteMany(["a", "b"]),
  cached.deletePattern("*"),
  Stream.runDrain(cached.scan("*")),
  cached.flush,
  cached.ping
]

const allFailBy = (limit: number, cached: Cache) =>
  Effect.all(
    everyKindOf(cached).map((asked) => failsBy(limit, asked)),
    { concurrency: "unbounded" }
  )

/** Fibers that read keys of their own until told to end, and count what is not the key's own value. */
const readers = (cached: Cache, count: number) =>
  Effect.gen(function* () {
    const keys = Array.from({ length: count }, (_, index) => `key-${index}`)
    yield* cached.setMany(keys.map((key) => [key, `value of ${key}`]))
    const seen = { reads: 0, wrong: [] as string[] }
    let isOver = false
    const check = (key: string, answer: string | undefined) => {
      seen.reads++
      if (answer !== `value of ${key}`) seen.wrong.push(`${key}: ${answer}`)
    }
    const fibers = yield* Effect.forEach(keys, (key, index) =>
      Effect.forkChild(
        Effect.gen(function* () {
          const other = keys[(index + 1) % count] as string
          for (let round = 0; !isOver; round++) {
            const exit = yield* Effect.exit(
              round % 3 === 0
                ? cached.getMany([key, other])
                : Effect.map(cached.get(key), (answer) => new Map([[key, answer]]))
            )
            if (Exit.isFailure(exit)) yield* Effect.sleep(10)
            else for (const [asked, answer] of exit.value) check(asked, Option.getOrUndefined(answer))
          }
        })
      )
    )
    const end = Effect.suspend(() => {
      isOver = true
      return Effect.as(Effect.forEach(fibers, Fiber.join), seen)
    })
    return { seen, end }
  })

/** Collects what is logged meanwhile. */
const logging = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${message}`)
    })
    return Effect.map(Effect.provide(effect, Logger.layer([logger])), (answer) => [answer, lines] as const)
  })

describe("a server that is away", () => {
  it.live("server down at start: the layer builds, Unavailable at once, back within a second", () =>
    onTime(
      Effect.gen(function* () {
        const redis = yield* server()
        yield* Effect.promise(() => redis.kill())
        const [cached, built] = yield* timed(cache({ url: redis.url }))
        assert.isBelow(built, 100)
        for (const { outcome, reason } of yield* allFailBy(atOnce, cached)) {
          assert.strictEqual(reason._tag, "Unavailable")
          assert.strictEqual(outcome, "NotExecuted")
        }
        yield* Effect.sleep(1_500)
        yield* Effect.promise(() => redis.restart())
        assert.isBelow((yield* timed(untilSuccess(cached.ping)))[1], 1_000)
      })
    )
  )

  it.live("server killed under load: Unavailable at once, back within a second of the restart", () =>
    onTime(
      Effect.gen(function* () {
        const redis = yield* server()
        const cached = yield* readyCache({ url: redis.url, commandTimeout: deadline })
        const load = yield* readers(cached, 50)
        for (let round = 0; round < 3; round++) {
          yield* Effect.sleep(100)
          yield* Effect.promise(() => redis.kill())
          yield* Effect.sleep(20)
          for (const { reason } of yield* allFailBy(atOnce, cached)) assert.strictEqual(reason._tag, "Unavailable")
          yield* Effect.sleep(700)
          yield* Effect.promise(() => redis.restart())
          assert.isBelow((yield* timed(untilSuccess(cached.ping)))[1], 1_000)
        }
        const { wrong } = yield* load.end
        assert.deepStrictEqual(
          wrong.filter((answer) => !answer.endsWith("undefined")),
          []
        )
      })
    )
  )

  it.live("offline queue during a long outage: memory does not grow", () =>
    Effect.gen(function* () {
      const program = new URL("./programs/outage.ts", import.meta.url).pathname
      const { stderr, stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [program, "--seconds", "5"], { timeout: 45_000 })
      )
      assert.strictEqual(stderr, "")
      const growths = Array.from(stdout.matchAll(/\| (-?[\d.]+) MB \|/g), ([, growth]) => Number(growth))
      assert.lengthOf(growths, 2)
      for (const growth of growths) assert.isBelow(growth, 10)
    })
  )

  it.live("abandoned write during an outage: never sent", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const cached = yield* readyCache({ url: redis.url })
      yield* Effect.promise(() => redis.kill())
      yield* Effect.flip(untilFailure(cached))
      const writing = yield* Effect.forEach(Array.from({ length: 1_000 }), (_, index) =>
        Effect.forkChild(cached.set(`abandoned-${index}`, "value"))
      )
      yield* Effect.forEach(writing, Fiber.interrupt)
      yield* Effect.promise(() => redis.restart())
      yield* untilSuccess(cached.ping)
      yield* Effect.sleep(300)
      assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), "0")
    })
  )
})

/** Asks until the connection is known to be gone. */
const untilFailure = (cached: Cache) => Effect.repeat(cached.ping, { schedule: Schedule.spaced(5) })

describe("a connection that is silent", () => {
  const silences = {
    "server frozen": {
      begin: ({ redis }: Faulty) => redis.freeze(),
      end: async ({ redis }: Faulty) => redis.thaw()
    },
    "black hole": { begin: ({ proxy }: Faulty) => proxy.blackHole(), end: ({ proxy }: Faulty) => proxy.heal() },
    "half-open socket": { begin: ({ proxy }: Faulty) => proxy.halfOpen(), end: async () => {} },
    "replies dropped": { begin: ({ proxy }: Faulty) => proxy.dropReplies(), end: ({ proxy }: Faulty) => proxy.heal() },
    "bytes held": { begin: ({ proxy }: Faulty) => proxy.hold(), end: ({ proxy }: Faulty) => proxy.heal() }
  }
  type Faulty = Effect.Success<typeof faultyServer>

  for (const [name, fault] of Object.entries(silences)) {
    it.live(`${name}: ends by its deadline; connection replaced`, () =>
      onTime(
        Effect.gen(function* () {
          const faulty = yield* faultyServer
          const cached = yield* readyCache({ url: faulty.url, commandTimeout: deadline })
          yield* cached.increment("warm")
          const { accepted } = faulty.proxy
          fault.begin(faulty)
          for (const { outcome, reason } of yield* allFailBy(deadline + margin, cached)) {
            assert.include(["TimedOut", "ConnectionLost"], reason._tag)
            assert.strictEqual(outcome, "Unknown")
          }
          yield* Effect.sleep(200)
          yield* Effect.promise(() => fault.end(faulty))
          assert.isBelow((yield* timed(untilSuccess(cached.ping)))[1], 1_500)
          assert.isAbove(faulty.proxy.accepted, accepted)
        })
      )
    )

    it.live(`${name}, with a command each 20 ms: a watchdog that counts replies, not writes`, () =>
      onTime(
        Effect.gen(function* () {
          const faulty = yield* faultyServer
          const cached = yield* readyCache({ url: faulty.url, commandTimeout: deadline })
          fault.begin(faulty)
          const start = performance.now()
          const asked = yield* Effect.forEach(Array.from({ length: 30 }), () =>
            Effect.andThen(Effect.sleep(20), Effect.forkChild(timed(Effect.exit(cached.set("key", "value")))))
          )
          for (const [, millis] of yield* Effect.forEach(asked, Fiber.join)) assert.isBelow(millis, deadline + margin)
          assert.isAbove(performance.now() - start, 500)
          yield* Effect.promise(() => fault.end(faulty))
          assert.isBelow((yield* timed(untilSuccess(cached.ping)))[1], 1_500)
        })
      )
    )
  }

  it.live("TCP accepted, handshake never answered: its own deadline, then a new connection", () =>
    onTime(
      Effect.gen(function* () {
        const { proxy, url } = yield* faultyServer
        proxy.mute()
        const [cached, built] = yield* timed(cache({ url, connectTimeout: 200 }))
        assert.isBelow(built, 150)
        for (const { reason } of yield* allFailBy(atOnce, cached)) assert.strictEqual(reason._tag, "Unavailable")
        yield* Effect.sleep(1_500)
        assert.isAtLeast(proxy.accepted, 3)
        assert.isAtMost(proxy.accepted, 10)
        assert.isAtMost(proxy.open, 1)
        yield* Effect.promise(() => proxy.heal())
        assert.isBelow((yield* timed(untilSuccess(cached.ping)))[1], 1_000)
      })
    )
  )
})

describe("replies that are not what they should be", () => {
  it.live("one unasked reply, of every type of RESP: connection destroyed; no wrong value, ever", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.latency(10)
      const cached = yield* readyCache({ url, commandTimeout: 500 })
      const load = yield* readers(cached, 50)
      for (let round = 0; round < 3; round++) {
        for (const reply of unaskedReplies) {
          yield* Effect.sleep(30 + round * 7)
          const { accepted } = proxy
          proxy.inject(reply)
          yield* Effect.sleep(60)
          yield* untilSuccess(cached.ping)
          // Only a push may come at any time.
          if (!reply.startsWith(">")) assert.isAbove(proxy.accepted, accepted, JSON.stringify(reply))
        }
      }
      const { reads, wrong } = yield* load.end
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(reads, 3_000)
    })
  )

  it.live("an unasked reply while nothing is asked: the next answers are right", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({ url })
      yield* cached.setMany([
        ["a", "value of a"],
        ["b", "value of b"]
      ])
      for (const reply of unaskedReplies) {
        proxy.inject(reply)
        const answers = yield* Effect.all([cached.get("a"), cached.get("b")].map(untilSuccess), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(answers, [Option.some("value of a"), Option.some("value of b")])
      }
    })
  )

  it.live("protocol garbage: connection destroyed; no wrong value, ever", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.latency(5)
      const cached = yield* readyCache({ url, commandTimeout: 500 })
      const load = yield* readers(cached, 50)
      const { accepted } = proxy
      for (let round = 0; round < 50; round++) {
        yield* Effect.sleep(20 + (round % 5) * 3)
        proxy.garbage()
        yield* untilSuccess(cached.ping)
      }
      const { reads, wrong } = yield* load.end
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(reads, 1_000)
      assert.isAtLeast(proxy.accepted, accepted + 40)
    })
  )

  it.live("replies in slices of 1 to 7 bytes: every answer is right, on one connection", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: "5 seconds" })
      proxy.slice()
      const load = yield* readers(cached, 20)
      yield* Effect.sleep(1_000)
      const { reads, wrong } = yield* load.end
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(reads, 200)
      assert.strictEqual(proxy.accepted, 1)
    })
  )

  it.live("a value too long for a V8 string: refused on write; on read an error and a fresh connection", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: "15 seconds" })
      const refused = yield* Effect.flip(cached.set("key", "v".repeat(34_000_000)))
      assert.strictEqual(refused.reason._tag, "InvalidArgument")
      yield* cached.set("other", "value of other")
      yield* Effect.promise(() => askRedis(redis.url, ["SETRANGE", "test:long", `${2 ** 29 - 1}`, "x"], 10_000))
      const [long, after] = yield* Effect.all(
        [Effect.exit(cached.get("long")), Effect.exit(Effect.delay(cached.get("other"), 1))],
        { concurrency: "unbounded" }
      )
      assert.isTrue(Exit.isFailure(long))
      if (Exit.isSuccess(after)) assert.deepStrictEqual(after.value, Option.some("value of other"))
      assert.deepStrictEqual(yield* untilSuccess(cached.get("other")), Option.some("value of other"))
      assert.strictEqual(proxy.accepted, 2)
    })
  )

  it.live("error replies: nothing of them is echoed", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--rename-command", "SET", ""] })
      const cached = yield* readyCache({ url })
      const error = yield* Effect.flip(cached.set("key", "canary-7f3a"))
      assert.strictEqual(error.reason._tag, "Unknown")
      assert.strictEqual(error.serverCode, "ERR")
      assert.notInclude(`${error} ${JSON.stringify(error)} ${error.stack}`, "canary-7f3a")
    })
  )
})

describe("a server that refuses", () => {
  /**
   * A server in protected mode refuses only who comes from another address than loopback, where no test can be sure to
   * have one: this one says what Redis says there, in its words, and closes.
   */
  const deniedReply = "-DENIED Redis is running in protected mode because protected mode is enabled\r\n"

  it.live("-DENIED at connect: logged, retried, AccessDenied", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(() => freePort())
      let connections = 0
      const denying = createServer((socket: Socket) => {
        connections++
        socket.on("error", () => {})
        socket.end(deniedReply)
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => denying.listen(port, "127.0.0.1")),
        () => Effect.sync(() => denying.close())
      )
      const [, log] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* cache({ url: `redis://127.0.0.1:${port}` })
            yield* Effect.sleep(700)
            const error = yield* Effect.flip(cached.get("key"))
            assert.strictEqual(error.reason._tag, "AccessDenied")
            assert.strictEqual(error.serverCode, "DENIED")
            assert.isAtLeast(connections, 2)
          })
        )
      )
      assert.isTrue(log.some((line) => line.startsWith("Warn") && line.includes("DENIED")))
    })
  )

  it.live("max clients: OutOfMemory, retried, back within a second of a free place", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--maxclients", "1"] })
      const other = createClient({ url })
      other.on("error", () => {})
      yield* Effect.promise(() => other.connect())
      const cached = yield* cache({ url })
      yield* Effect.sleep(700)
      assert.strictEqual((yield* Effect.flip(cached.get("key"))).reason._tag, "OutOfMemory")
      other.destroy()
      assert.isBelow((yield* timed(untilSuccess(cached.get("key"))))[1], 1_000)
    })
  )

  it.live("WRONGPASS, NOAUTH: AccessDenied, and back once the server takes us", () =>
    Effect.gen(function* () {
      const redis = yield* server({ args: ["--requirepass", "right"] })
      const wrong = yield* cache({ url: redis.url.replace("//", "//:wrong@") })
      const none = yield* cache({ url: redis.url })
      yield* Effect.sleep(200)
      for (const [cached, code] of [
        [wrong, "WRONGPASS"],
        [none, "NOAUTH"]
      ] as const) {
        const error = yield* Effect.flip(cached.set("key", "value"))
        assert.strictEqual(error.reason._tag, "AccessDenied")
        assert.strictEqual(error.serverCode, code)
      }
      const right = redis.url.replace("//", "//:right@")
      yield* Effect.promise(() => askRedis(right, ["CONFIG", "SET", "requirepass", "wrong"]))
      assert.isBelow((yield* timed(untilSuccess(wrong.ping)))[1], 1_000)
    })
  )

  it.live("invalid database number: nothing is sent before the handshake succeeded", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--databases", "2"] })
      yield* Effect.promise(() => askRedis(url, ["SET", "bystander", "value"]))
      const cached = yield* cache({ url: `${url}/7`, namespace: "" })
      for (let round = 0; round < 50; round++) {
        for (const asked of everyKindOf(cached)) assert.isTrue(Exit.isFailure(yield* Effect.exit(asked)))
        yield* Effect.sleep(10)
      }
      assert.strictEqual((yield* Effect.flip(cached.flush)).reason._tag, "AccessDenied")
      const stats = yield* Effect.promise(() => askRedis(url, ["INFO", "commandstats"]))
      assert.notMatch(stats, /cmdstat_(?!set:|info:|hello:|client|select|auth|config|ping|command)/)
      assert.match(stats, /cmdstat_set:calls=1,/)
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["GET", "bystander"])), "value")
    })
  )

  it.live("no error listener: an error has one always, and is a warning in the log", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const [, log] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* readyCache({ url })
            proxy.reset()
            yield* Effect.sleep(20)
            yield* untilSuccess(cached.ping)
          })
        )
      )
      assert.isAtLeast(log.length, 2)
      for (const line of log) assert.match(line, /^Warn cache-redis: /)
    })
  )
})

describe("a process that is busy", () => {
  for (const latency of [10, 50]) {
    it.live(`event loop blocked 400 ms, ten times, at ${latency * 2} ms to and fro: no false timeout`, () =>
      onTime(
        Effect.gen(function* () {
          const { proxy, url } = yield* faultyServer
          proxy.latency(latency)
          const program = new URL("./programs/blockedLoop.ts", import.meta.url).pathname
          const { stderr, stdout } = yield* Effect.promise(() =>
            promisify(execFile)(process.execPath, [program, url, "10", "400"], { timeout: 60_000 })
          )
          assert.strictEqual(stderr, "")
          const { failures, operations } = JSON.parse(stdout)
          assert.deepStrictEqual(failures, {})
          assert.isAbove(operations, 1_000)
          assert.strictEqual(proxy.accepted, 1)
        })
      )
    )
  }

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

describe("a write is sent at most once", () => {
  it.live(
    "10,000 INCRs with the connection cut after sending: none sent twice",
    () =>
      Effect.gen(function* () {
        const { proxy, redis, url } = yield* faultyServer
        const cached = yield* readyCache({ url, commandTimeout: "2 seconds" })
        yield* cached.increment("warm")
        const random = randomFrom(1)
        const outcomes: Array<string> = []
        const cutAt = new Set<number>()
        for (let round = 0; round < 100; round++) {
          yield* untilSuccess(cached.ping)
          // All hundred, which go out as two scripts, are more than so many bytes.
          proxy.cutAfter(random.below(2_000))
          const from = round * 100
          yield* Effect.forEach(
            Array.from({ length: 100 }, (_, index) => from + index),
            (index) =>
              Effect.map(Effect.exit(Effect.flip(cached.increment(`once-${index}`))), (exit) => {
                outcomes[index] = Exit.isSuccess(exit) ? exit.value.outcome : "Executed"
              }),
            { concurrency: "unbounded" }
          )
          cutAt.add(proxy.accepted)
        }
        assert.lengthOf(outcomes, 10_000)
        assert.strictEqual(cutAt.size, 100)
        yield* untilSuccess(cached.ping)
        const keys = outcomes.map((_, index) => `once-${index}`)
        const counted = yield* Effect.map(cached.getMany(keys), (found) =>
          Array.from(found.values(), Option.getOrUndefined)
        )
        const twice = counted.filter((count) => count !== undefined && count !== "1")
        assert.deepStrictEqual(twice, [])
        const falselyNotExecuted = outcomes.filter(
          (outcome, index) => outcome === "NotExecuted" && counted[index] !== undefined
        )
        assert.deepStrictEqual(falselyNotExecuted, [])
        const executed = counted.filter((count) => count === "1").length
        // The cut came in the middle of the commands: some were carried out, and their answers lost.
        assert.isAbove(executed, 1_000)
        assert.isAbove(outcomes.filter((outcome) => outcome === "Unknown").length, executed / 2)
        assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), `${executed + 1}`)
      }),
    60_000
  )

  it.live("10,000 writes abandoned before they were sent: none carried out", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: "4 seconds", maxPending: 20_000 })
      proxy.stopReading()
      const filling = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(cached.set(`filler-${index}`, "v".repeat(1_000_000)))
      )
      yield* Effect.sleep(100)
      const writing = yield* Effect.forEach(Array.from({ length: 10_000 }), (_, index) =>
        Effect.forkChild(cached.set(`abandoned-${index}`, "value"))
      )
      yield* Effect.sleep(100)
      yield* Effect.forEach(writing, Fiber.interrupt)
      yield* Effect.promise(() => proxy.heal())
      // Those before them arrive, by the same connection.
      yield* Effect.forEach(filling, Fiber.join)
      yield* cached.set("last", "value")
      assert.strictEqual(proxy.accepted, 1)
      assert.strictEqual(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"])), "21")
    })
  )

  it.live("10,000 writes whose deadline passed before they were sent: NotExecuted, none carried out", () =>
    Effect.gen(function* () {
      const { proxy, redis, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: 500, maxPending: 20_000 })
      proxy.stopReading()
      yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(Effect.exit(cached.set(`filler-${index}`, "v".repeat(1_000_000))))
      )
      yield* Effect.sleep(100)
      const errors = yield* Effect.forEach(
        Array.from({ length: 10_000 }),
        (_, index) => Effect.flip(cached.set(`abandoned-${index}`, "value")),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(errors.map(({ outcome }) => outcome)), new Set(["NotExecuted"]))
      yield* Effect.promise(() => proxy.heal())
      yield* untilSuccess(cached.ping)
      yield* Effect.sleep(500)
      const abandoned = Stream.runCollect(cached.scan("abandoned-*"))
      assert.deepStrictEqual(yield* abandoned, [])
      assert.isBelow(Number(yield* Effect.promise(() => askRedis(redis.url, ["DBSIZE"]))), 21)
    })
  )
})
