/** Servers and proxies that do not know HELLO, or PING with a text. */
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, FaultProxy, RedisSentinels } from "@hexcache/redis-testkit"
import { Effect, Option, Stream } from "effect"
import { eventually, failsFor, untilFailure, untilSuccess } from "../support/bounds.ts"
import { everyKind } from "../support/layers.ts"
import { logging } from "../support/logging.ts"
import { readers } from "../support/readers.ts"
import { relay, type Verdict } from "../support/relay.ts"
import { cache, readyCache, server } from "../support/servers.ts"
import { assertSpeaks } from "../support/speaks.ts"

/** A server of before Redis 6.0, as far as its clients see. */
const withoutHello = ["--rename-command", "HELLO", ""]

const canary = "canary-7f3a"

const killClients = (url: string) => Effect.promise(() => askRedis(url, ["CLIENT", "KILL", "TYPE", "normal"]))

const failure = (options: Parameters<typeof cache>[0]) =>
  Effect.scoped(
    Effect.map(
      Effect.flatMap(cache(options), (cached) => Effect.flip(cached.set("key", "value"))),
      ({ reason }) => `${reason._tag}: ${reason.message}`
    )
  )

describe.concurrent("a server that does not know HELLO", () => {
  it.live("is used in RESP 2, on every kind of layer", () =>
    Effect.gen(function* () {
      for (const { layer, name } of yield* everyKind({ args: withoutHello })) {
        yield* Effect.provide(
          Effect.gen(function* () {
            const cached = yield* CachePort
            yield* cached.setMany([
              ["{a}one", "1"],
              ["{a}two", ""]
            ])
            const values = yield* cached.getMany(["{a}one", "{a}none", "{a}two"])
            assert.deepStrictEqual([...values.values()], [Option.some("1"), Option.none(), Option.some("")], name)
            assert.strictEqual(yield* cached.increment("count", 9_007_199_254_740_990), 9_007_199_254_740_990)
            assert.isTrue(yield* cached.setIfAbsent("once", "value", { ttl: "1 minute" }))
            assert.isFalse(yield* cached.setIfAbsent("once", "value"))
            assert.strictEqual((yield* cached.ttl("once"))._tag, "Expires")
            const found = yield* Stream.runCollect(cached.scan("{a}*"))
            assert.sameMembers([...found], ["{a}one", "{a}two"])
            assert.strictEqual(yield* cached.deletePattern("*"), 4)
          }),
          layer()
        )
      }
    })
  )

  it.live("may be a sentinel, which is then asked and not listened to", () =>
    Effect.gen(function* () {
      const { master, name, sentinels } = yield* Effect.acquireRelease(
        Effect.promise(() => RedisSentinels.start({ replicas: 0, sentinels: 1 })),
        (group) => Effect.promise(() => group.stop())
      )
      const answer = "-ERR unknown command `HELLO`, with args beginning with: `3`,\r\n"
      const fronts = yield* Effect.forEach(sentinels, ({ port }) =>
        relay(port, (command) => (command === "HELLO" ? { answer } : "pass"))
      )
      const layer = CacheRedis.layerSentinel({
        name,
        sentinels: fronts.map(({ port }) => ({ host: "127.0.0.1", port })),
        namespace: "test",
        commandTimeout: "20 seconds",
        connectTimeout: "10 seconds"
      })
      yield* Effect.provide(
        Effect.flatMap(CachePort, (cached) => cached.set("key", "value")),
        layer
      )
      assert.strictEqual(yield* Effect.promise(() => askRedis(master.url, ["GET", "test:key"])), "value")
      for (const { commands } of fronts) assert.notInclude(commands, "SUBSCRIBE")
    })
  )

  it.live("is asked for HELLO once, and not at each connection", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server({ args: withoutHello })
      const { commands, port: front } = yield* relay(port)
      const cached = yield* readyCache({ url: `redis://127.0.0.1:${front}` })
      for (let round = 1; round <= 3; round++) {
        yield* killClients(url)
        yield* untilSuccess(cached.set("key", "value"))
      }
      assert.strictEqual(commands.filter((name) => name === "HELLO").length, 1)
      assert.isAtLeast(commands.filter((name) => name === "SCRIPT").length, 4)
    })
  )

  it.live("is asked for HELLO again once it was away, as it may be another one", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      let verdict: Verdict = { answer: "-ERR unknown command 'HELLO'\r\n" }
      let isAway = false
      const { port: front } = yield* relay(port, (name) => (isAway ? "hang up" : name === "HELLO" ? verdict : "pass"))
      const cached = yield* readyCache({ url: `redis://127.0.0.1:${front}`, connectionName: "of-this-test" })
      const clients = Effect.promise(() => askRedis(url, ["CLIENT", "LIST"]))
      assertSpeaks(2, "name=of-this-test", yield* clients)
      isAway = true
      yield* killClients(url)
      yield* untilFailure(cached)
      isAway = false
      verdict = "pass"
      yield* untilSuccess(cached.ping)
      assertSpeaks(3, "name=of-this-test", yield* clients)
    })
  )

  it.live("logs in a user and selects a database before any command, and its refusals are typed", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server({ args: [...withoutHello, "--databases", "4"] })
      const ask = (...args: ReadonlyArray<string>) => Effect.promise(() => askRedis(url, [...args]))
      yield* ask("ACL", "SETUSER", "shop", "on", `>${canary}`, "~*", "+@all")
      yield* ask("ACL", "SETUSER", "reader", "on", "nopass", "~*", "+@all")
      yield* ask("ACL", "SETUSER", "default", "off")
      const at = (login: string, database = "") => `redis://${login}127.0.0.1:${port}${database}`
      for (const login of [`shop:${canary}@`, "reader@"]) {
        const cached = yield* readyCache({ url: at(login, "/3"), namespace: login })
        yield* cached.set("key", "value")
      }
      assert.include(yield* failure({ url: at("shop:wrong@") }), "AccessDenied: the server refuses this user")
      assert.include(yield* failure({ url: at("nobody@") }), "AccessDenied: the server refuses this user")
      assert.include(yield* failure({ url: at("") }), "AccessDenied: the server asks for a password")
      assert.include(yield* failure({ url: at("reader@", "/9") }), "AccessDenied: the server has no database")
      const keyspace = yield* Effect.promise(() => askRedis(at(`shop:${canary}@`), ["INFO", "keyspace"]))
      assert.notInclude(keyspace, "db0")
      assert.include(keyspace, "db3:keys=2")
    })
  )

  it.live("is given a password alone, as servers without users know it", () =>
    Effect.gen(function* () {
      const { port } = yield* server({ args: [...withoutHello, "--requirepass", canary] })
      const cached = yield* readyCache({ url: `redis://:${canary}@127.0.0.1:${port}` })
      yield* cached.set("key", "value")
    })
  )

  it.live("has no near cache, which is said once", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: withoutHello })
      const [, lines] = yield* logging(
        Effect.scoped(
          Effect.gen(function* () {
            const cached = yield* readyCache({ url, nearCache: { maxEntries: 100 } })
            for (let round = 1; round <= 3; round++) {
              yield* Effect.promise(() => askRedis(url, ["SET", "test:key", String(round)]))
              for (let read = 1; read <= 3; read++) {
                assert.deepStrictEqual(yield* untilSuccess(cached.get("key")), Option.some(String(round)))
              }
              yield* killClients(url)
            }
          })
        )
      )
      const said = lines.filter((line) => line.includes("near cache"))
      assert.strictEqual(said.length, 1)
      assert.include(said[0], "RESP 3")
    })
  )

  it.live("gives no caller another's reply, whatever comes unasked", () =>
    Effect.gen(function* () {
      const { port } = yield* server({ args: withoutHello })
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => FaultProxy.start(port)),
        (proxy) => Effect.promise(() => proxy.stop())
      )
      const cached = yield* readyCache({ url: proxy.url })
      const { end, seen } = yield* readers(cached, 10)
      for (const reply of ["$5\r\nwrong\r\n", "+OK\r\n", ":1\r\n", "$-1\r\n", "*0\r\n", "-ERR wrong\r\n"]) {
        const { reads } = seen
        const { accepted } = proxy
        proxy.inject(reply)
        yield* eventually(() => proxy.accepted > accepted && seen.reads > reads)
      }
      assert.deepStrictEqual((yield* end).wrong, [])
    })
  )
})

describe.concurrent("the version of the protocol", () => {
  it.live("is the one that was set", () =>
    Effect.gen(function* () {
      for (const { layer, redis } of yield* everyKind()) {
        for (const protocol of [2, 3] as const) {
          const clients = yield* Effect.provide(
            Effect.andThen(
              Effect.flatMap(CachePort, ({ ping }) => ping),
              Effect.promise(() => askRedis(redis.url, ["CLIENT", "LIST"]))
            ),
            layer({ protocol, connectionName: "of-this-test" })
          )
          assertSpeaks(protocol, "name=of-this-test", clients)
        }
      }
    })
  )

  it.live("is not another one than was set: HELLO refused is the reason", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: withoutHello })
      assert.match(yield* failure({ url, protocol: 3 }), /^Unavailable: .* does not know HELLO/)
    })
  )

  it.live("changes no refusal: a place among the clients that is not free is OutOfMemory", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server({ args: ["--maxclients", "1"] })
      yield* Effect.acquireRelease(
        Effect.sync(() => connect(port, "127.0.0.1")),
        (other) => Effect.sync(() => other.destroy())
      )
      yield* eventually(() =>
        askRedis(url, ["PING"]).then(
          () => false,
          () => true
        )
      )
      for (const protocol of [2, 3] as const) assert.match(yield* failure({ url, protocol }), /^OutOfMemory/)
    })
  )

  it.live("is to be set where a proxy hangs up at HELLO, as the reason says", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const front = yield* relay(port, (name) => (name === "HELLO" ? "hang up" : "pass"))
      const url = `redis://127.0.0.1:${front.port}`
      assert.match(yield* failure({ url }), /^Unavailable: .* hung up at HELLO/)
      const cached = yield* readyCache({ url, protocol: 2 })
      yield* cached.set("key", "value")
    })
  )
})

describe.concurrent("a server that does not answer PING with its text", () => {
  const reason = "Unavailable: no connection is ready: the server does not answer PING with its text"

  it.live("is refused before anything is sent: it does not know PING", () =>
    Effect.gen(function* () {
      for (const args of [[], withoutHello]) {
        const { url } = yield* server({ args: [...args, "--rename-command", "PING", ""] })
        assert.strictEqual(yield* failure({ url }), reason)
        assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "0")
      }
    })
  )

  it.live("is refused before anything is sent: a proxy answers PING in its place", () =>
    Effect.gen(function* () {
      const { port, url } = yield* server()
      for (const answer of ["+PONG\r\n", "$4\r\nPONG\r\n", "+hexcache\r\n", "-ERR unsupported command\r\n"]) {
        const { commands, port: front } = yield* relay(port, (name) => (name === "PING" ? { answer } : "pass"))
        const given = { url: `redis://127.0.0.1:${front}` }
        assert.strictEqual(yield* failure(given), reason)
        yield* Effect.scoped(Effect.flatMap(cache(given), ({ flush }) => failsFor("Unavailable", flush)))
        assert.notInclude(commands, "FLUSHDB")
      }
      assert.strictEqual(yield* Effect.promise(() => askRedis(url, ["DBSIZE"])), "0")
    })
  )
})
