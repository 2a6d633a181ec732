/** Effect's PersistedCache on Redis: what it does while its server is frozen, and on a cluster. */
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { RedisCluster, RedisServer } from "@hexcache/redis-testkit"
import { Context, Effect, Layer, Schedule } from "effect"
import { Persistence } from "effect/persistence"
import { CachePersistence } from "../src/index.ts"
import { LengthOf, remembered } from "./support/remembered.ts"

const deadline = 300

/** Allowance for a busy machine in the time by which something ends, in milliseconds. */
const patience = 2_000

const server = Effect.acquireRelease(
  Effect.promise(() => RedisServer.start()),
  (server) => Effect.promise(() => server.stop())
)

const cluster = Effect.acquireRelease(
  Effect.promise(() => RedisCluster.start()),
  (cluster) => Effect.promise(() => cluster.stop())
)

/** Builds the services of a program with this cache, and waits until the cache works. */
const ready = <E>(cache: Layer.Layer<CachePort, E>) =>
  Layer.build(Layer.provideMerge(CachePersistence.layer, cache)).pipe(
    Effect.tap((context) => Effect.retry(Context.get(context, CachePort).ping, untilUp))
  )

const untilUp = { times: 1_500, schedule: Schedule.spaced(20) }

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, (answer) => [answer, performance.now() - start] as const)
  })

describe.concurrent("PersistedCache on Redis", () => {
  it.live("a frozen server: every get is answered by the lookup, within the deadlines of one read and one write", () =>
    Effect.gen(function* () {
      const redis = yield* server
      const services = yield* ready(CacheRedis.layer({ url: redis.url, namespace: "test", commandTimeout: deadline }))
      const { get, invalidate, seen } = yield* Effect.provideContext(remembered(), services)
      yield* get("before")
      redis.freeze()
      for (let round = 0; round < 5; round++) {
        const names = Array.from({ length: 20 }, (_, index) => `round ${round}, ${index}`)
        const answers = yield* Effect.forEach(names, (name) => timed(get(name)), { concurrency: "unbounded" })
        for (const [index, [answer, millis]] of answers.entries()) {
          assert.deepStrictEqual(answer, { length: names[index]?.length })
          assert.isBelow(millis, 2 * deadline + patience)
        }
      }
      assert.strictEqual(seen.lookups, 101)
      const [refused, millis] = yield* timed(Effect.flip(invalidate(new LengthOf({ name: "before" }))))
      assert.strictEqual(refused._tag, "PersistenceError")
      assert.propertyVal(refused.cause, "_tag", "CacheError")
      assert.isBelow(millis, deadline + patience)

      redis.thaw()
      yield* Effect.retry(Context.get(services, CachePort).ping, untilUp)
      const other = yield* Effect.provideContext(remembered(), services)
      yield* other.get("before")
      assert.strictEqual(other.seen.lookups, 0)
    })
  )

  it.live("a cluster: results of every slot are found by another process, and cleared on every master", () =>
    Effect.gen(function* () {
      const { masters } = yield* cluster
      const services = yield* ready(
        CacheRedis.layerCluster({
          rootNodes: masters.map(({ url }) => url),
          namespace: "test",
          commandTimeout: "20 seconds"
        })
      )
      const names = Array.from({ length: 300 }, (_, index) => `name ${index}`)
      const first = yield* Effect.provideContext(remembered(), services)
      const second = yield* Effect.provideContext(remembered(), services)
      yield* Effect.forEach(names, first.get, { concurrency: "unbounded" })
      yield* Effect.forEach(names, second.get, { concurrency: "unbounded" })
      assert.strictEqual(first.seen.lookups, 300)
      assert.strictEqual(second.seen.lookups, 0)

      const { make } = Context.get(
        yield* Layer.build(
          Layer.provide(CachePersistence.layerBacking, Layer.succeed(CachePort, Context.get(services, CachePort)))
        ),
        Persistence.BackingPersistence
      )
      const { clear, getMany, setMany } = yield* make("lengths")
      const [head, ...rest] = names as [string, ...Array<string>]
      const found = yield* getMany([head, ...rest])
      assert.isTrue(found.every((result) => result !== undefined))
      yield* setMany([
        [head, { of: "all" }, undefined],
        ...rest.map((name) => [name, { of: "all" }, undefined] as const)
      ])
      assert.isTrue((yield* getMany([head, ...rest])).every((result) => JSON.stringify(result) === '{"of":"all"}'))
      yield* clear
      assert.isTrue((yield* getMany([head, ...rest])).every((result) => result === undefined))
    })
  )
})
