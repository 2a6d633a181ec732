/** Those who watch a state, and the services of a layer. */
import { assert, describe, it } from "@effect/vitest"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis, ConnectionState, type RedisState, type RedisStatus } from "@hexcache/cache-redis"
import { createClient } from "@redis/client"
import { Config, DateTime, Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { expectTypeOf } from "vitest"
import { StatusPublisher } from "../../src/topology/RedisStatus.ts"

/** A source whose states differ by their times. */
class Source {
  state: RedisState = this.at(0)

  at(millis: number): RedisState {
    return { ...ConnectionState.Up({ since: DateTime.makeUnsafe(millis) }), nodes: {} }
  }
}

const published = () => {
  const source = new Source()
  const publisher = new StatusPublisher()
  publisher.follow(source)
  const change = (millis: number) =>
    Effect.promise(async () => {
      source.state = source.at(millis)
      publisher.publish()
    })
  return { publisher, source, change }
}

const timesOf = (states: Iterable<RedisState>) => Array.from(states, ({ since }) => DateTime.toEpochMillis(since))

describe("the changes of a state", () => {
  it.effect("begin with the current state, and hold each change once", () =>
    Effect.gen(function* () {
      const { change, publisher } = published()
      yield* change(1)
      const watching = yield* Effect.forkChild(Stream.runCollect(publisher.service.changes), {
        startImmediately: true
      })
      yield* change(2)
      yield* change(2)
      yield* change(3)
      publisher.end()
      yield* change(4)
      assert.deepStrictEqual(timesOf(yield* Fiber.join(watching)), [1, 2, 3])
    })
  )

  it.effect("are kept up to a bound for a watcher that is slow, who sees the latest", () =>
    Effect.gen(function* () {
      const { change, publisher } = published()
      const slow = yield* Deferred.make<void>()
      const seen: Array<RedisState> = []
      const watching = yield* Effect.forkChild(
        Stream.runForEach(publisher.service.changes, (state) => {
          seen.push(state)
          return Deferred.await(slow)
        }),
        { startImmediately: true }
      )
      for (let millis = 1; millis <= 1_000; millis++) yield* change(millis)
      publisher.end()
      yield* Deferred.succeed(slow, undefined)
      yield* Fiber.join(watching)
      const times = timesOf(seen)
      assert.isAtMost(times.length, 2 * 16 + 1)
      assert.deepStrictEqual(
        times,
        times.toSorted((one, other) => one - other)
      )
      assert.strictEqual(times.at(-1), 1_000)
    })
  )

  it.effect("of one step are told as one", () =>
    Effect.gen(function* () {
      const { publisher, source } = published()
      const watching = yield* Effect.forkChild(Stream.runCollect(Stream.take(publisher.service.changes, 2)), {
        startImmediately: true
      })
      for (let millis = 1; millis <= 10; millis++) {
        source.state = source.at(millis)
        publisher.publish()
      }
      assert.deepStrictEqual(timesOf(yield* Fiber.join(watching)), [0, 10])
    })
  )
})

describe("the layers of CacheRedis", () => {
  it("provide RedisStatus beside CachePort, and are layers of CachePort", () => {
    const namespace = "test"
    const layers = [
      CacheRedis.layer({ namespace }),
      CacheRedis.layerCluster({ namespace, rootNodes: [] }),
      CacheRedis.layerSentinel({ namespace, name: "main", sentinels: [] }),
      CacheRedis.layerFromClient(createClient(), { namespace })
    ]
    expectTypeOf(layers).items.toEqualTypeOf<Layer.Layer<CachePort | RedisStatus, CacheError>>()
    expectTypeOf(layers).items.toExtend<Layer.Layer<CachePort, CacheError>>()
    const configured: Layer.Layer<CachePort, CacheError | Config.ConfigError> = CacheRedis.layerConfig({
      namespace: Config.succeed(namespace)
    })
    assert.isTrue([...layers, configured].every(Layer.isLayer))
    expectTypeOf(Layer.provide(Layer.effectDiscard(CachePort), CacheRedis.layer({ namespace }))).toEqualTypeOf<
      Layer.Layer<never, CacheError>
    >()
  })

  it.effect("fail on options out of range before anything is connected", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.provide(CacheRedis.status, CacheRedis.layer({ url: "redis://localhost", namespace: "\ud800" }))
      )
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    })
  )
})
