import { Effect, Exit, Fiber, Option, Stream } from "effect"
import { assert } from "vitest"
import { type Chapter, law } from "../Law.ts"

export const interruption: Chapter = {
  name: "interruption",
  laws: [
    law("an interrupted operation ends, and leaves the cache in order for others", function* ({ cache }) {
      yield* cache.setMany(Array.from({ length: 100 }, (_, index) => [`key-${index}`, `value-${index}`] as const))
      const asked = Array.from({ length: 100 }, (_, index) => cache.get(`key-${index}`))
      const fibers = yield* Effect.forEach(asked, (get) => Effect.forkChild(get))
      yield* Effect.forEach(
        fibers.filter((_, index) => index % 2 === 0),
        Fiber.interrupt
      )
      for (const [index, fiber] of fibers.entries()) {
        const exit = yield* Fiber.await(fiber)
        if (Exit.isSuccess(exit)) assert.strictEqual(Option.getOrUndefined(exit.value), `value-${index}`)
        else assert.strictEqual(index % 2, 0)
      }
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key-7")), "value-7")
    }),

    law("an interrupted write happens once or not at all", function* ({ cache }) {
      const fibers = yield* Effect.forEach(
        Array.from({ length: 100 }, () => cache.increment("count")),
        (increment) => Effect.forkChild(increment)
      )
      yield* Effect.yieldNow
      yield* Effect.forEach(fibers, Fiber.interrupt)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      const acknowledged = exits.filter(Exit.isSuccess).length
      const counted = yield* cache.increment("count", 0)
      assert.isAtLeast(counted, acknowledged)
      assert.isAtMost(counted, 100)
    }),

    law("a write that its caller gave up on before it began is not carried out", function* ({ cache }) {
      const fiber = yield* Effect.forkChild(Effect.andThen(Effect.never, cache.set("key", "value")))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.isFalse(yield* cache.exists("key"))
    }),

    law("a scan may be left in the middle", function* ({ cache }) {
      yield* cache.setMany(Array.from({ length: 2_500 }, (_, index) => [`key-${index}`, "value"] as const))
      for (let round = 0; round < 5; round++) {
        assert.lengthOf(yield* Stream.runCollect(Stream.take(cache.scan("*"), 1)), 1)
      }
      assert.strictEqual(yield* cache.deletePattern("*"), 2_500)
    }),

    law("operations run in a finalizer and where interruption is off", function* ({ cache }) {
      yield* Effect.scoped(Effect.addFinalizer(() => Effect.ignore(cache.set("finalized", "value"))))
      yield* Effect.uninterruptible(cache.set("uninterruptible", "value"))
      const fiber = yield* Effect.forkChild(
        Effect.onInterrupt(Effect.never, () => Effect.ignore(cache.set("interrupted", "value")))
      )
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      for (const key of ["finalized", "uninterruptible", "interrupted"]) assert.isTrue(yield* cache.exists(key), key)
    })
  ]
}
