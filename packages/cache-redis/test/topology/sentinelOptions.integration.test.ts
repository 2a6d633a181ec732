/** How the sentinels are reached, and how the master is: TLS and users of each, and what is wrong where one refuses. */
import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import type { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, freePort, makeCertificate, type RedisServer } from "@hexcache/redis-testkit"
import { Effect, Option } from "effect"
import { failsFor, untilSuccess } from "../support/bounds.ts"
import { sentinelCache, sentinelGroup } from "../support/sentinels.ts"

const patiently = { commandTimeout: "20 seconds", connectTimeout: "20 seconds" } as const

type Options = Omit<CacheRedis.CacheRedisSentinelOptions, "namespace" | "name">

const cacheOf = (options: Options) => sentinelCache({ name: "main", ...patiently, ...options })

const works = ({ get, set }: CachePort["Service"]) =>
  Effect.gen(function* () {
    yield* untilSuccess(set("key", "value"))
    assert.deepStrictEqual(yield* get("key"), Option.some("value"))
  })

/** The reason for which a cache with these options fails. */
const refusal = (options: Options, reason: "AccessDenied" | "Unavailable") =>
  Effect.scoped(
    Effect.flatMap(cacheOf(options), ({ get }) =>
      Effect.map(failsFor(reason, get("key")), (error) => error.reason.message)
    )
  )

/** One master without replicas, and one sentinel: each at a plain port and at one of TLS. */
const encryptedGroup = (masterBy: "plain" | "tls") =>
  Effect.gen(function* () {
    const certificate = yield* Effect.acquireRelease(
      Effect.promise(() => makeCertificate()),
      ({ remove }) => Effect.sync(remove)
    )
    const [masterPort, sentinelPort] = yield* Effect.promise(() => Promise.all([freePort(), freePort()]))
    const { master, sentinels } = yield* sentinelGroup({
      replicas: 0,
      sentinels: 1,
      masterArgs: certificate.serverArgs(masterPort),
      sentinelArgs: [...certificate.serverArgs(sentinelPort), "--tls-replication", masterBy === "tls" ? "yes" : "no"],
      route: async (port) => (masterBy === "tls" ? masterPort : port)
    })
    const [sentinel] = sentinels as readonly [RedisServer]
    return { ca: certificate.cert, master, sentinel, encryptedSentinel: { host: "127.0.0.1", port: sentinelPort } }
  })

const group = Effect.gen(function* () {
  const { master, sentinels } = yield* sentinelGroup({ replicas: 0, sentinels: 1 })
  return { master, sentinel: (sentinels as readonly [RedisServer])[0] }
})

const setUser = ({ url }: RedisServer, ...rules: ReadonlyArray<string>) =>
  Effect.promise(() => askRedis(url, ["ACL", "SETUSER", ...rules]))

describe.concurrent("a cache behind Sentinel", () => {
  it.live("reaches a master by TLS, and sentinels plainly", () =>
    Effect.gen(function* () {
      const { ca, encryptedSentinel, sentinel } = yield* encryptedGroup("tls")
      yield* works(yield* cacheOf({ sentinels: [sentinel.url], tls: { ca }, sentinelTls: false }))
      // Those of the master hold for the sentinels too, unless they have their own.
      yield* works(yield* cacheOf({ sentinels: [encryptedSentinel], tls: { ca } }))
      assert.strictEqual(
        yield* refusal({ sentinels: [encryptedSentinel], tls: { ca }, sentinelTls: true }, "AccessDenied"),
        "sentinel: TLS was refused (DEPTH_ZERO_SELF_SIGNED_CERT)"
      )
      assert.strictEqual(
        yield* refusal({ sentinels: [sentinel.url], tls: true, sentinelTls: false }, "AccessDenied"),
        "TLS was refused (DEPTH_ZERO_SELF_SIGNED_CERT)"
      )
    })
  )

  it.live("reaches sentinels by TLS, and a master plainly", () =>
    Effect.gen(function* () {
      const { ca, encryptedSentinel } = yield* encryptedGroup("plain")
      yield* works(yield* cacheOf({ sentinels: [encryptedSentinel], sentinelTls: { ca } }))
      const url = `rediss://127.0.0.1:${encryptedSentinel.port}`
      yield* works(yield* cacheOf({ sentinels: [url], sentinelTls: { ca }, tls: false }))
    })
  )

  it.live("logs in to the sentinels as their user, and to the master as its own", () =>
    Effect.gen(function* () {
      const { master, sentinel } = yield* group
      yield* setUser(sentinel, "watcher", "on", ">of-sentinel", "+@all", "&*")
      yield* setUser(sentinel, "default", "off")
      yield* setUser(master, "shop", "on", ">of-master", "~*", "+@all")
      const ofMaster = { username: "shop", password: "of-master" }
      const ofSentinel = { sentinelUsername: "watcher", sentinelPassword: "of-sentinel" }
      yield* works(yield* cacheOf({ sentinels: [sentinel.url], ...ofMaster, ...ofSentinel }))
      const url = `redis://watcher:of-sentinel@127.0.0.1:${sentinel.port}`
      yield* works(yield* cacheOf({ sentinels: [url], ...ofMaster, sentinelPassword: "of-others" }))
      assert.strictEqual(
        yield* refusal({ sentinels: [sentinel.url], ...ofMaster }, "AccessDenied"),
        "sentinel: the server asks for a password (NOAUTH)"
      )
      assert.strictEqual(
        yield* refusal({ sentinels: [url], username: "shop", password: "wrong" }, "AccessDenied"),
        "the server refuses this user and password (WRONGPASS)"
      )
    })
  )

  it.live("says which rights are missing, and that the master is away", () =>
    Effect.gen(function* () {
      const { master, sentinel } = yield* group
      yield* setUser(sentinel, "watcher", "on", "nopass", "-@all", "+ping")
      // Redis 6.2 names no subcommand.
      assert.match(
        yield* refusal({ sentinels: [sentinel.url], sentinelUsername: "watcher" }, "AccessDenied"),
        /^sentinel: the user may not run SENTINEL( GET-MASTER-ADDR-BY-NAME)? \(NOPERM\)$/
      )
      yield* Effect.promise(() => master.kill())
      assert.strictEqual(
        yield* refusal({ sentinels: [sentinel.url] }, "Unavailable"),
        "no connection is ready (ECONNREFUSED)"
      )
    })
  )

  it.live("asks a master that refuses HELLO for its ROLE, and says if the user may not", () =>
    Effect.gen(function* () {
      const masterArgs = ["--rename-command", "HELLO", "HELLO-NO-MORE"]
      const { master, sentinels } = yield* sentinelGroup({ replicas: 0, sentinels: 1, masterArgs })
      const options = { sentinels: sentinels.map(({ url }) => url), username: "shop", password: "of-master" }
      yield* setUser(master, "shop", "on", ">of-master", "~*", "+@all", "-role")
      assert.strictEqual(yield* refusal(options, "AccessDenied"), "the user may not run ROLE (NOPERM)")
      yield* setUser(master, "shop", "+role")
      yield* works(yield* cacheOf(options))
    })
  )
})
