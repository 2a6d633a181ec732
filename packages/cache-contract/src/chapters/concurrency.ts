import { Effect, Fiber, Option } from "effect"
import { assert } from "vitest"
import { type Chapter, law } from "../Law.ts"

const times = <A, E, R>(count: number, asked: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.all(
    Array.from({ length: count }, () => asked),
    { concurrency: "unbounded" }
  )

export const concurrency: Chapter = {
  name: "concurrency",
  laws: [
    law("increment, decrement: atomic, no one of 200 at once is lost", function* ({ cache }) {
      const sums = yield* times(200, cache.increment("up"))
      assert.deepStrictEqual(new Set(sums), new Set(Array.from({ length: 200 }, (_, index) => index + 1)))
      yield* times(100, Effect.all([cache.increment("both", 3), cache.decrement("both", 2)], { concurrency: 2 }))
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("both")), "100")
    }),

    law("increment: the time to live is set in the same atomic step", function* ({ cache }) {
      yield* times(50, cache.increment("window", 1, { ttl: "1 hour" }))
      assert.strictEqual((yield* cache.ttl("window"))._tag, "Expires")
      assert.strictEqual(yield* cache.increment("window", 0), 50)
    }),

    law("setIfAbsent: one atomic step, of 50 at once one wins", function* ({ cache }) {
      for (let round = 0; round < 5; round++) {
        const won = yield* Effect.all(
          Array.from({ length: 50 }, (_, index) => cache.setIfAbsent(`lock-${round}`, String(index))),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(won.filter(Boolean).length, 1)
        assert.strictEqual(Option.getOrUndefined(yield* cache.get(`lock-${round}`)), String(won.indexOf(true)))
      }
    }),

    law("getAndDelete: one atomic step, of 50 at once one gets the value", function* ({ cache }) {
      yield* cache.set("key", "value")
      const got = yield* times(50, cache.getAndDelete("key"))
      assert.deepStrictEqual(got.filter(Option.isSome), [Option.some("value")])
    }),

    law("compareAndDelete: one atomic step, of 50 at once one deletes", function* ({ cache }) {
      yield* cache.set("key", "value")
      assert.strictEqual((yield* times(50, cache.compareAndDelete("key", "value"))).filter(Boolean).length, 1)
    }),

    law("delete: of 50 at once one removes", function* ({ cache }) {
      yield* cache.set("key", "value")
      assert.strictEqual((yield* times(50, cache.delete("key"))).filter(Boolean).length, 1)
    }),

    law(
      "setMany: atomic up to 1,000 entries",
      function* ({ cache }) {
        const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
        const write = (version: number) => cache.setMany(keys.map((key) => [key, String(version)]))
        yield* write(0)
        const writer = yield* Effect.forkChild(Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], write))
        const version = (key: string) => Effect.map(cache.get(key), (value) => Number(Option.getOrThrow(value)))
        // Versions only grow. So where writes are atomic, what is read later is never older, in both directions.
        for (let round = 0; round < 200 && writer.pollUnsafe() === undefined; round++) {
          for (const [first, then] of [
            ["key-0", "key-999"],
            ["key-999", "key-0"],
            ["key-500", "key-0"]
          ] as const) {
            const seen = yield* version(first)
            assert.isAtLeast(yield* version(then), seen, `${then} after ${first}`)
          }
          yield* Effect.yieldNow
        }
        yield* Fiber.join(writer)
        assert.strictEqual(yield* version("key-999"), 8)
      },
      (harness) => harness.atomicBatches !== false
    ),

    law(
      "getMany: up to 100 keys as of one moment",
      function* ({ cache }) {
        const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`)
        const write = (version: number) => cache.setMany(keys.map((key) => [key, String(version)]))
        yield* write(0)
        const versions = Array.from({ length: 50 }, (_, version) => version + 1)
        const writer = yield* Effect.forkChild(
          Effect.forEach(versions, (version) => Effect.andThen(write(version), Effect.yieldNow))
        )
        for (let isOver = false; !isOver; ) {
          isOver = writer.pollUnsafe() !== undefined
          const seen = new Set(Array.from((yield* cache.getMany(keys)).values(), Option.getOrThrow))
          assert.strictEqual(seen.size, 1, "versions in one answer")
          yield* Effect.yieldNow
        }
        yield* Fiber.join(writer)
      },
      (harness) => harness.atomicBatches !== false
    ),

    law("a caller reads what it wrote", function* ({ cache }) {
      yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => `key-${index}`),
        (key) =>
          Effect.gen(function* () {
            for (const value of ["1", "2", "3"]) {
              yield* cache.set(key, value)
              assert.strictEqual(Option.getOrUndefined(yield* cache.get(key)), value)
            }
            assert.isTrue(yield* cache.delete(key))
            assert.isTrue(Option.isNone(yield* cache.get(key)))
          }),
        { concurrency: "unbounded" }
      )
    }),

    law("answers go to those who asked, under 2,000 operations at once", function* ({ cache }) {
      yield* cache.setMany(Array.from({ length: 100 }, (_, index) => [`key-${index}`, `value-${index}`] as const))
      yield* Effect.forEach(
        Array.from({ length: 2_000 }, (_, index) => index % 100),
        (index) =>
          Effect.map(
            Effect.all([cache.get(`key-${index}`), cache.getMany([`key-${index}`]), cache.exists(`none-${index}`)], {
              concurrency: "unbounded"
            }),
            ([one, many, exists]) => {
              assert.strictEqual(Option.getOrUndefined(one), `value-${index}`)
              assert.deepStrictEqual(Array.from(many), [[`key-${index}`, Option.some(`value-${index}`)]])
              assert.isFalse(exists)
            }
          ),
        { concurrency: "unbounded" }
      )
    })
  ]
}
