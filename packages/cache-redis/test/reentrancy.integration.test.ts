/** Callers that go on in the very moment in which they hear that their connection is lost. */
import { assert, describe, it } from "@effect/vitest"
import type { CacheError } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Effect, Exit, Fiber, Scope } from "effect"
import { endsWithin, untilSuccess } from "./support/bounds.ts"
import { faultyServer } from "./support/faultyServer.ts"
import { cache } from "./support/servers.ts"
import { watched } from "./support/watched.ts"

/** Long, so that a busy machine is no fault of the cache's. */
const patient = { namespace: "test", commandTimeout: "20 seconds", connectTimeout: "20 seconds" } as const

const maxPending = 10

const forked = <A>(operations: ReadonlyArray<Effect.Effect<A, CacheError>>) =>
  Effect.forEach(operations, (operation) => Effect.forkChild(operation, { startImmediately: true }))

const keys = Array.from({ length: maxPending }, (_, index) => `key-${index}`)

describe.concurrent("a caller that hears of a lost connection", () => {
  it.live("and closes the cache at once leaves no connection behind", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const scope = yield* Scope.make()
      const cached = yield* Scope.provide(cache({ url }), scope)
      yield* cached.ping
      proxy.cutAfter(1)
      yield* Effect.flip(cached.set("key", "value"))
      yield* Scope.close(scope, Exit.void)
      yield* Effect.promise(() => proxy.heal())
      // Longer than the first pause between attempts.
      yield* Effect.sleep(300)
      assert.strictEqual(proxy.accepted, 1)
      assert.strictEqual(proxy.open, 0)
    })
  )

  it.live("and interrupts others that wait for the next one leaves the bound on those that wait as it is", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.refuse()
      const { cached, until } = yield* watched(CacheRedis.layer({ url, ...patient, maxPending }))
      const all = Effect.all(
        keys.map((key) => cached.set(key, "value")),
        { concurrency: "unbounded" }
      )
      yield* Effect.flip(all)
      yield* Effect.promise(() => proxy.heal())
      yield* untilSuccess(cached.ping)
      proxy.mute()
      proxy.reset()
      yield* until("Connecting")
      const waiting = yield* forked(keys.map((key) => cached.set(key, "value")))
      const error = yield* endsWithin(10_000, Effect.flip(cached.set("key", "value")))
      assert.strictEqual(error.reason.message, `${maxPending} operations wait for their answers already`)
      yield* Effect.forEach(waiting, Fiber.interrupt)
    })
  )

  it.live("and interrupts others that were not sent leaves the bound on those in flight as it is", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const { cached } = yield* watched(CacheRedis.layer({ url, ...patient, maxPending }))
      yield* cached.ping
      // Fills the socket, so that what comes behind it is not sent.
      const large = "x".repeat(32 * 1_024 * 1_024)
      proxy.stopReading()
      const failing = yield* Effect.forkChild(
        Effect.flip(
          Effect.all([cached.set("large", large), ...keys.slice(1).map((key) => cached.set(key, "value"))], {
            concurrency: "unbounded"
          })
        ),
        { startImmediately: true }
      )
      yield* Effect.sleep(50)
      yield* Effect.promise(() => proxy.heal())
      proxy.reset()
      assert.strictEqual((yield* Fiber.join(failing)).reason._tag, "ConnectionLost")
      yield* untilSuccess(cached.ping)
      proxy.hold()
      const inFlight = yield* forked(keys.map((key) => cached.set(key, "value")))
      const error = yield* endsWithin(10_000, Effect.flip(cached.set("key", "value")))
      assert.strictEqual(error.reason.message, `${maxPending} operations wait for their answers already`)
      yield* Effect.forEach(inFlight, Fiber.interrupt)
    })
  )

  it.live("and asks again at once takes no place from a read that is sent again", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const { cached } = yield* watched(CacheRedis.layer({ url, ...patient, maxPending }))
      yield* cached.ping
      proxy.hold()
      const writer = (key: string) =>
        Effect.catch(cached.set(key, "value"), () =>
          Effect.ignore(Effect.all([cached.set(key, "value"), cached.set(key, "value")], { concurrency: 2 }))
        )
      const writing = yield* forked(keys.slice(0, maxPending / 2).map(writer))
      const reading = yield* forked(keys.slice(maxPending / 2).map((key) => cached.exists(key)))
      yield* Effect.sleep(50)
      proxy.reset()
      yield* Effect.promise(() => proxy.heal())
      for (const fiber of reading) assert.isFalse(yield* Fiber.join(fiber))
      yield* Effect.forEach(writing, Fiber.join)
    })
  )
})
