/** A master that is replaced while it goes on answering: by a planned failover, and behind a network that is cut in two. */
import { assert, describe, it } from "@effect/vitest"
import { askRedis, FaultProxy, type RedisSentinels, type RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect } from "effect"
import { eventually, patience } from "./support/bounds.ts"
import { type FailoverRecord, failoverLoad, longestGap, staleReads } from "./support/failoverLoad.ts"
import { sentinelCache, sentinelGroup, serversOf, subscribers, watchNames } from "./support/sentinels.ts"

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
        downAfter: 1_000,
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
      // Sentinels have names, and replicas flags.
      const ours = clients.split("\n").find((client) => / name= .* flags=N .* resp=3/.test(client))
      proxy.isolate([Number(/ addr=\S+:(\d+)/.exec(ours ?? "")?.[1])])
      const { end, record } = yield* failoverLoad(cached, "load")
      const [server, named] = yield* firstNamed(group.replicas, namedAt)
      yield* writtenTo(server, record)
      yield* judge("a network cut in two", yield* end, server, named)
    })
  )
})
