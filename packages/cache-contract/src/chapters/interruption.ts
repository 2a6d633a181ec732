import { CachePort } from "@hexcache/cache-port"
import { Effect, Exit, Fiber, Option, Stream } from "effect"
import { assert } from "vitest"
import { endsSoon, interruptEverywhere } from "../Interrupt.ts"
import { type Chapter, law } from "../Law.ts"
import { needs } from "../LeftOut.ts"
import { operationsOf } from "../Operations.ts"
import { prepare, runWrite, stateAfter, stateBefore, stateOf, writesOf } from "../Writes.ts"

export const interruption: Chapter = {
  name: "interruption",
  laws: [
    law("an interrupted operation ends, and leaves the cache in order for others", function* ({ cache }) {
      yield* cache.setMany(Array.from({ length: 100 }, (_, index) => [`key-${index}`, `value-${index}`] as const))
      const reads = Array.from({ length: 100 }, (_, index) => cache.get(`key-${index}`))
      const fibers = yield* Effect.forEach(reads, (get) => Effect.forkChild(get))
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
    }),

    law(
      "a write that is interrupted at any moment has happened or has not, and can be made by others",
      function* ({ cache, harness }) {
        yield* Effect.forEach(
          writesOf(cache),
          (write) => {
            const key = write.name
            const allowed = [stateBefore(write), stateAfter(cache, write)]
            return interruptEverywhere(harness, prepare(cache, key, write), write.run(cache, key), (exit, moment) =>
              Effect.gen(function* () {
                const subject = `${write.name}, ${moment}`
                const left = yield* endsSoon(harness, `a read after ${subject}`, stateOf(cache, key))
                assert.include(
                  Exit.isSuccess(exit) ? [stateAfter(cache, write)] : allowed,
                  left,
                  `${subject}: the key afterwards`
                )
                const again = Effect.andThen(
                  prepare(cache, key, write),
                  runWrite(cache, key, write, `${subject}, and again`)
                )
                yield* endsSoon(harness, `${subject}: the same by another caller`, again)
              })
            )
          },
          { concurrency: "unbounded", discard: true }
        )
      }
    ),

    law(
      "a setMany that is interrupted at any moment has written all of its 300 entries or none",
      function* ({ cache, harness, missing }) {
        yield* needs(missing, "atomicBatches")
        const keys = Array.from({ length: 300 }, (_, index) => `key-${index}`)
        for (const ttl of [undefined, "1 hour"] as const) {
          yield* interruptEverywhere(
            harness,
            cache.deleteMany(keys),
            cache.setMany(
              keys.map((key) => [key, "value"]),
              { ttl }
            ),
            (exit, moment) =>
              Effect.map(cache.getMany(keys), (found) => {
                const written = Array.from(found.values()).filter(Option.isSome).length
                assert.include(Exit.isSuccess(exit) ? [300] : [0, 300], written, `entries of a setMany ${moment}`)
              })
          )
        }
      }
    ),

    law(
      "every operation that is interrupted at any moment ends, and holds up nobody else",
      function* ({ cache, harness }) {
        yield* Effect.forEach(
          operationsOf(cache),
          ([name, run]) => {
            const own = CachePort.namespaced(cache, name)
            let beside: ReadonlyArray<Fiber.Fiber<unknown, unknown>> = []
            return interruptEverywhere(
              harness,
              // One that begins before the interrupted one, and one that may join it: what callers share must stay theirs.
              Effect.tap(
                Effect.all([Effect.forkChild(run(own)), Effect.forkChild(Effect.andThen(Effect.yieldNow, run(own)))]),
                (fibers) =>
                  Effect.sync(() => {
                    beside = fibers
                  })
              ),
              run(own),
              (_, moment) =>
                Effect.gen(function* () {
                  const subject = `${name}, ${moment}`
                  for (const fiber of beside)
                    yield* endsSoon(harness, `${subject}: a caller beside it`, Fiber.join(fiber))
                  yield* endsSoon(harness, `${subject}: the next caller`, run(own))
                })
            )
          },
          { concurrency: "unbounded", discard: true }
        )
      }
    ),

    law("a scan that is left in the middle keeps nothing that others need", function* ({ cache, harness }) {
      yield* cache.setMany(Array.from({ length: 1_200 }, (_, index) => [`key-${index}`, "value"] as const))
      for (let round = 0; round < 40; round++) {
        const first = yield* endsSoon(harness, `scan ${round}`, Stream.runCollect(Stream.take(cache.scan("*"), 1)))
        assert.lengthOf(first, 1)
      }
      const others = Effect.all([cache.set("key", "value"), cache.get("key"), cache.ping])
      yield* endsSoon(harness, "operations after 40 scans", others)
      assert.strictEqual(yield* cache.deletePattern("*"), 1_201)
    })
  ]
}
