/** A master that is replaced while it goes on answering: by a planned failover, and behind a network that is cut in two. */
import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import { askRedis, FaultProxy, type RedisSentinels, type RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect } from "effect"
import { eventually, patience } from "../support/bounds.ts"
import { type FailoverRecord, failoverLoad, longestGap, staleReads } from "../support/failoverLoad.ts"
import { logging } from "../support/logging.ts"
import { sentinelCache, sentinelGroup, serversOf, subscribers, watchNames } from "../support/sentinels.ts"

/** Long, so that no call fails for a busy machine. */
const patiently = { commandTimeout: "20 seconds", connectTimeout: "20 seconds" } as const

const urls = ({ sentinels }: RedisSentinels) => sentinels.map(({ url }) => url)

/** Has this sentinel begin a failover, as soon as it finds a replica that is good enough. */
const failover = ({ name, sentinels }: RedisSentinels, by: number) =>
  eventually(() =>
    askRedis((sentinels[by] as RedisServer).url, ["SENTINEL", "FAILOVER", name]).then(
      () => true,
      () => false
    )
  )

/** Waits until a server has a write that was acknowledged after it was waited for. */
const writtenTo = ({ url }: RedisServer, { writes }: FailoverRecord) =>
  Effect.suspend(() => {
    const before = writes.length
    return eventually(async () => {
      const [last] = writes.slice(before).slice(-1)
      return last !== undefined && (await askRedis(url, ["EXISTS", `test:${last.key}`])) === "1"
    })
  })

/** The first of these servers that a sentinel names, and when it did. */
const firstNamed = (servers: ReadonlyArray<RedisServer>, namedAt: ReadonlyMap<number, number>) =>
  Effect.map(
    eventually(() => servers.some(({ port }) => namedAt.has(port))),
    () => {
      const server = servers.find(({ port }) => namedAt.has(port)) as RedisServer
      return [server, namedAt.get(server.port) as number] as const
    }
  )

/** The acknowledged writes that a server does not have. */
const lostWrites = ({ writes }: FailoverRecord, { url }: RedisServer) =>
  Effect.promise(async () => {
    const client = await createClient({ url }).connect()
    const exist = await Promise.all(writes.map(({ key }) => client.exists(`test:${key}`)))
    client.destroy()
    return writes.filter((_, index) => exist[index] === 0)
  })

/** Holds a failover to its promises, and says how they were kept. */
const judge = (label: string, record: FailoverRecord, server: RedisServer, namedAt: number) =>
  Effect.gen(function* () {
    const { calls, failedReads, failedWrites, writes } = record
    const lost = yield* lostWrites(record, server)
    const lastLost = Math.max(...lost.map(({ ended }) => ended)) - namedAt
    yield* Effect.logInfo(
      `${label}: ${failedReads.length} reads and ${failedWrites.length} writes of ${calls} calls failed; ` +
        `${lost.length} of ${writes.length} acknowledged writes lost, the last ${lastLost.toFixed(1)} ms after the new ` +
        `master was named; longest pause ${longestGap(record).toFixed(0)} ms`
    )
    assert.deepStrictEqual(failedReads, [])
    assert.isAtMost(failedWrites.length, 3)
    for (const { outcome, reason } of failedWrites) {
      assert.deepStrictEqual([reason._tag, outcome], ["ConnectionLost", "Unknown"])
    }
    // A busy machine may notice late.
    assert.isEmpty(lost.filter(({ began }) => began > namedAt + patience))
    assert.isBelow(longestGap(record), 1_500 + patience)
    assert.isEmpty(staleReads(record, namedAt + patience))
  })

/** Has the group's master replaced by plan, under load. */
const replaced = (label: string, group: RedisSentinels, cached: CachePort["Service"]) =>
  Effect.gen(function* () {
    const { namedAt } = yield* watchNames(group)
    const { end, record } = yield* failoverLoad(cached, "load")
    yield* failover(group, 0)
    const [server, named] = yield* firstNamed(group.replicas, namedAt)
    yield* writtenTo(server, record)
    yield* judge(label, yield* end, server, named)
  })

describe.concurrent("a master that is replaced while it answers", () => {
  it.live("is left as soon as a sentinel names another, also by connections to the sentinels that are new", () =>
    Effect.gen(function* () {
      const group = yield* sentinelGroup()
      const cached = yield* sentinelCache({ name: group.name, sentinels: urls(group), ...patiently })
      yield* cached.ping
      const { namedAt } = yield* watchNames(group)
      yield* eventually(() => namedAt.has(group.master.port))
      let left = serversOf(group)
      for (const [label, sentinel] of [
        ["a planned failover", 0],
        ["a planned failover after the loss of every subscription", 1]
      ] as const) {
        if (sentinel === 1) {
          yield* Effect.forEach(group.sentinels, ({ url }) =>
            Effect.promise(() => askRedis(url, ["CLIENT", "KILL", "TYPE", "pubsub"]))
          )
          yield* Effect.forEach(group.sentinels, (each) => eventually(async () => (await subscribers(each)) === 1))
        }
        left = left.filter(({ port }) => !namedAt.has(port))
        const { end, record } = yield* failoverLoad(cached, `${sentinel}`)
        yield* failover(group, sentinel)
        const [server, named] = yield* firstNamed(left, namedAt)
        yield* writtenTo(server, record)
        yield* judge(label, yield* end, server, named)
      }
    })
  )

  it.live("is left when the sentinels and replicas have lost it, though it can be reached from here", () =>
    Effect.gen(function* () {
      let route: FaultProxy | undefined
      const group = yield* sentinelGroup({
        // Until the network is cut: this process is on the way to the master, and may be late.
        downAfter: 60_000,
        route: async (port) => {
          route = await FaultProxy.start(port)
          return route.port
        }
      })
      const proxy = yield* Effect.acquireRelease(Effect.succeed(route as unknown as FaultProxy), (proxy) =>
        Effect.promise(() => proxy.stop())
      )
      const cached = yield* sentinelCache({ name: group.name, sentinels: urls(group), ...patiently })
      yield* cached.ping
      const { namedAt } = yield* watchNames(group)
      const clients = yield* Effect.promise(() => askRedis(group.master.url, ["CLIENT", "LIST"]))
      // Sentinels have names, replicas have flags, and another client asks for this list.
      const ours = clients.split("\n").find((client) => / name= .* flags=N .* cmd=(?!client)/.test(client))
      yield* Effect.promise(() => group.setDownAfter(1_000))
      proxy.isolate([Number(/ addr=\S+:(\d+)/.exec(ours ?? "")?.[1])])
      const { end, record } = yield* failoverLoad(cached, "load")
      const [server, named] = yield* firstNamed(group.replicas, namedAt)
      yield* writtenTo(server, record)
      yield* judge("a network cut in two", yield* end, server, named)
    })
  )

  it.live("is left though the sentinels are slow, and one of them is silent", () =>
    Effect.gen(function* () {
      const group = yield* sentinelGroup()
      const proxies = yield* Effect.forEach(group.sentinels, ({ port }) =>
        Effect.acquireRelease(
          Effect.promise(() => FaultProxy.start(port)),
          (proxy) => Effect.promise(() => proxy.stop())
        )
      )
      for (const proxy of proxies) proxy.latency(100)
      proxies[2]?.blackHole()
      const sentinels = proxies.map(({ url }) => url)
      const cached = yield* sentinelCache({ name: group.name, sentinels, ...patiently })
      yield* cached.ping
      yield* replaced("slow sentinels", group, cached)
    })
  )

  it.live("is left within a second where the sentinels may not tell of it, which is logged", () =>
    Effect.gen(function* () {
      const group = yield* sentinelGroup()
      for (const { url } of group.sentinels) {
        const rules = ["watcher", "on", "nopass", "+@all", "-subscribe"]
        yield* Effect.promise(() => askRedis(url, ["ACL", "SETUSER", ...rules]))
      }
      const [, lines] = yield* logging(
        Effect.gen(function* () {
          const sentinels = group.sentinels.map(({ port }) => `redis://watcher@127.0.0.1:${port}`)
          const cached = yield* sentinelCache({ name: group.name, sentinels, ...patiently })
          yield* cached.ping
          yield* replaced("no subscription", group, cached)
        })
      )
      const denied = "does not tell of failovers, and is asked each second: the user may not run SUBSCRIBE (NOPERM)"
      assert.strictEqual(lines.filter((line) => line.includes(denied)).length, 3)
    })
  )
})
