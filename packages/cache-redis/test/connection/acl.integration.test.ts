/** The rights that docs/servers.md says a user needs: every operation works with them, and the server denies nothing. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { type CachePort, TimeToLive } from "@hexcache/cache-port"
import type { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, type RedisServer, serverVersion } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect, Option, Stream } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"
import { eventually, untilSuccess } from "../support/bounds.ts"
import { at, cluster, clusterCache, keysOf } from "../support/clusters.ts"
import { sentinelCache, sentinelGroup, subscribers } from "../support/sentinels.ts"
import { cache, server } from "../support/servers.ts"

const page = readFileSync(new URL("../../../../docs/servers.md", import.meta.url), "utf8")

const documented = (pattern: RegExp): ReadonlyArray<string> => {
  const found = pattern.exec(page)?.[1]
  if (found === undefined) throw new Error(`docs/servers.md has nothing like ${pattern}`)
  return found.split(" ")
}

const userRights = documented(/^ACL SETUSER shop (.*)$/m)
const watcherRights = documented(/^ACL SETUSER watcher (.*)$/m)
const furtherRights = (use: string) => documented(new RegExp(`^- ${use}[^\`]*: \`([^\`]*)\``, "m"))

type Cache = CachePort["Service"]

/** Every operation, and whether it did what it promises. */
const everyOperation = {
  set: ({ set }) => Effect.andThen(set("set", "value"), set("ttl", "value", { ttl: "1 minute" })),
  setJson: ({ setJson }) => setJson("json", { a: 1 }),
  setIfAbsent: ({ setIfAbsent }) => isTrue(setIfAbsent("absent", "value", { ttl: "1 minute" })),
  setMany: ({ setMany }) =>
    Effect.andThen(
      setMany([
        ["a", "1"],
        ["b", "2"]
      ]),
      setMany(
        [
          ["c", "3"],
          ["d", "4"]
        ],
        { ttl: "1 minute" }
      )
    ),
  get: ({ get }) => Effect.map(get("set"), (value) => assert.deepStrictEqual(value, Option.some("value"))),
  getJson: ({ getJson }) => Effect.map(getJson("json"), (json) => assert.deepStrictEqual(json, Option.some({ a: 1 }))),
  getMany: ({ getMany }) => Effect.map(getMany(["a", "c"]), (found) => assert.strictEqual(found.size, 2)),
  exists: ({ exists }) => isTrue(exists("set")),
  expire: ({ expire }) => Effect.andThen(isTrue(expire("a", "1 minute")), isTrue(expire("a", "Infinity"))),
  ttl: ({ ttl }) => Effect.map(ttl("a"), (left) => assert.deepStrictEqual(left, TimeToLive.Persistent())),
  increment: ({ increment }) =>
    Effect.map(increment("count", 2, { ttl: "1 minute" }), (sum) => assert.strictEqual(sum, 2)),
  decrement: ({ decrement, increment, set }) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* decrement("count"), 1)
      // A sum that is out of range is taken back.
      yield* set("most", String(Number.MAX_SAFE_INTEGER))
      assert.strictEqual((yield* Effect.flip(increment("most"))).reason._tag, "OutOfRange")
    }),
  getAndExpire: ({ getAndExpire }) => Effect.andThen(getAndExpire("a", "1 hour"), getAndExpire("a", Infinity)),
  compareAndExpire: ({ compareAndExpire }) =>
    Effect.andThen(isTrue(compareAndExpire("b", "2", "1 hour")), isTrue(compareAndExpire("b", "2", Infinity))),
  getAndDelete: ({ getAndDelete }) => getAndDelete("a"),
  compareAndDelete: ({ compareAndDelete }) => isTrue(compareAndDelete("b", "2")),
  delete: (cached) => isTrue(cached.delete("c")),
  deleteMany: ({ deleteMany }) => Effect.map(deleteMany(["d", "x"]), (count) => assert.strictEqual(count, 1)),
  scan: ({ scan }) => Effect.map(Stream.runCollect(scan("set")), (keys) => assert.deepStrictEqual([...keys], ["set"])),
  deletePattern: ({ deletePattern }) => Effect.map(deletePattern("t*"), (count) => assert.strictEqual(count, 1)),
  ping: ({ ping }) => ping,
  flush: ({ flush }) => flush
} satisfies { readonly [name in keyof Cache]: (cached: Cache) => Effect.Effect<unknown, unknown> }

const isTrue = <E>(operation: Effect.Effect<boolean, E>) => Effect.map(operation, (value) => assert.isTrue(value))

/** Runs every operation, those that are read from memory too. */
const worksWhole = (cached: Cache) =>
  Effect.gen(function* () {
    yield* untilSuccess(cached.ping)
    for (const run of [...Object.values(everyOperation), ...Object.values(everyOperation)]) yield* run(cached)
  })

/** The rights of a user that an operation needs on a server of this version. */
const rightsOn = ({ url }: RedisServer) =>
  Effect.map(
    Effect.promise(() => serverVersion(url)),
    (version) =>
      /Redis (8\.[4-9]|9)|Valkey 9\.[1-9]/.test(version) ? [...userRights, ...furtherRights("batches")] : userRights
  )

/** Sets a user's rights, and returns an effect that says which commands the server has denied since. */
const setUser = ({ url }: RedisServer, name: string, rights: ReadonlyArray<string>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const client = createClient({ url })
        await client.connect()
        await client.sendCommand(["ACL", "SETUSER", name, "reset", ...rights])
        await client.sendCommand(["ACL", "LOG", "RESET"])
        return client
      }),
      (client) => Effect.sync(() => client.destroy())
    ),
    (client) =>
      Effect.promise(async () => {
        const log = await client.sendCommand<Array<{ readonly object: string }>>(["ACL", "LOG"])
        return log.map(({ object }) => object).filter((denied) => denied !== "client|setinfo")
      })
  )

const login = { username: "shop", password: "password", namespace: "shop" } as const

const shop = ({ port }: RedisServer, options: Partial<CacheRedis.CacheRedisOptions> = {}) =>
  cache({ ...login, url: `redis://127.0.0.1:${port}`, ...options })

describe.concurrent("a user with the documented rights", () => {
  it.live("can run every operation", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const denied = yield* setUser(redis, "shop", yield* rightsOn(redis))
      yield* worksWhole(yield* shop(redis))
      assert.deepStrictEqual(yield* denied, [])
    })
  )

  it.live("needs all of them", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const needed = userRights.filter((right) => right.startsWith("+") && !["+eval", "+script|load"].includes(right))
      for (const right of needed) {
        const denied = yield* setUser(redis, "shop", [...userRights, `-${right.slice(1)}`])
        yield* Effect.exit(
          Effect.scoped(
            Effect.flatMap(shop(redis, { commandTimeout: "5 seconds" }), (cached) =>
              Effect.forEach(Object.values(everyOperation), (run) => Effect.exit(run(cached)))
            )
          )
        )
        assert.include(yield* denied, right.slice(1))
      }
    })
  )

  it.live("needs further ones for a near cache, another database, and a flush of everything", () =>
    Effect.gen(function* () {
      const redis = yield* server()
      const further = ["a near cache", "a database", "`flush`"].flatMap(furtherRights)
      const denied = yield* setUser(redis, "shop", [...userRights, ...further])
      yield* worksWhole(yield* shop(redis, { database: 1, namespace: "", nearCache: { maxEntries: 10 } }))
      assert.deepStrictEqual(yield* denied, [])
    })
  )

  it.live(
    "needs further ones on a Cluster, on every node of it, to read the map and to follow keys that are moving",
    () =>
      Effect.gen(function* () {
        const group = yield* cluster({ replicas: 0 })
        const rights = [...(yield* rightsOn(at(group.masters, 0))), ...furtherRights("a Cluster")]
        const denied = yield* Effect.forEach(group.masters, (master) => setUser(master, "shop", rights))
        const cached = yield* clusterCache(group, login)
        yield* worksWhole(cached)
        const [from, to] = [at(group.masters, 0), at(group.masters, 1)]
        const [key = ""] = keysOf(group, 0, 1, "shop")
        const [slot, fromId, toId] = [
          `${slotOf(`shop:${key}`)}`,
          ...(yield* Effect.promise(() => Promise.all([from, to].map(({ url }) => askRedis(url, ["CLUSTER", "MYID"])))))
        ] as [string, string, string]
        // Half way: the old owner redirects what it does not have to the new one.
        yield* Effect.promise(() => askRedis(to.url, ["CLUSTER", "SETSLOT", slot, "IMPORTING", fromId]))
        yield* Effect.promise(() => askRedis(from.url, ["CLUSTER", "SETSLOT", slot, "MIGRATING", toId]))
        yield* cached.set(key, "value")
        assert.deepStrictEqual(yield* cached.get(key), Option.some("value"))
        assert.deepStrictEqual(yield* Effect.all(denied), [[], [], []])
      })
  )

  it.live("can use a cache behind Sentinel, where a user of the sentinels has those for them", () =>
    Effect.gen(function* () {
      const { master, name, sentinels } = yield* sentinelGroup({ replicas: 0, sentinels: 1 })
      const [sentinel] = sentinels as [RedisServer]
      const denied = yield* setUser(master, "shop", userRights)
      const deniedBySentinel = yield* setUser(sentinel, "watcher", watcherRights)
      const cached = yield* sentinelCache({
        ...login,
        name,
        sentinels: [sentinel.url],
        sentinelUsername: "watcher",
        sentinelPassword: "password",
        commandTimeout: "20 seconds",
        connectTimeout: "20 seconds"
      })
      yield* worksWhole(cached)
      yield* eventually(async () => (await subscribers(sentinel)) === 1)
      assert.deepStrictEqual([yield* denied, yield* deniedBySentinel], [[], []])
    })
  )
})
