import type { CachePort } from "@hexcache/cache-port"
import { Effect, Fiber, Option } from "effect"
import { assert } from "vitest"
import { type Chapter, law } from "../Law.ts"
import { needs } from "../LeftOut.ts"
import { histories } from "./histories.ts"

const times = <A, E, R>(count: number, operation: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.all(
    Array.from({ length: count }, () => operation),
    { concurrency: "unbounded" }
  )

type Cache = CachePort["Service"]

/** Operations on one key that meet each other. */
const meeting: ReadonlyArray<
  readonly [name: string, run: (cache: Cache, key: string) => Effect.Effect<unknown, unknown>]
> = [
  ["get", (cache, key) => cache.get(key)],
  ["set", (cache, key) => cache.set(key, "7")],
  ["set with a ttl", (cache, key) => cache.set(key, "8", { ttl: "1 hour" })],
  ["setMany", (cache, key) => cache.setMany([[key, "9"]])],
  ["setIfAbsent", (cache, key) => cache.setIfAbsent(key, "10")],
  ["delete", (cache, key) => cache.delete(key)],
  ["getAndDelete", (cache, key) => cache.getAndDelete(key)],
  ["compareAndDelete", (cache, key) => cache.compareAndDelete(key, "5")],
  ["getAndExpire", (cache, key) => cache.getAndExpire(key, "1 hour")],
  ["compareAndExpire", (cache, key) => cache.compareAndExpire(key, "5", "1 hour")],
  ["expire", (cache, key) => cache.expire(key, "1 hour")],
  ["expire by zero", (cache, key) => cache.expire(key, 0)],
  ["increment", (cache, key) => cache.increment(key, 1, { ttl: "1 hour" })],
  ["decrement", (cache, key) => cache.decrement(key, 2)]
]

const pairs = meeting.flatMap((first, index) => meeting.slice(index).map((second) => [first, second] as const))

/** The results of two operations, and the value that they left. */
const outcome = Effect.fnUntraced(function* (
  cache: Cache,
  key: string,
  start: string | undefined,
  both: Effect.Effect<readonly [unknown, unknown], unknown>
) {
  yield* start === undefined ? cache.delete(key) : cache.set(key, start)
  const answers = yield* both
  const [value, ttl] = yield* Effect.all([cache.get(key), cache.ttl(key)])
  return JSON.stringify({
    answers: answers.map((answer) =>
      Option.isOption(answer) ? Option.getOrElse(answer, () => "none") : (answer ?? null)
    ),
    value: Option.getOrElse(value, () => "none"),
    ttl: ttl._tag
  })
})

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

    law("two operations on a key at once end as if one had come after the other", function* ({ cache, harness }) {
      const meet = Effect.fnUntraced(function* ([[name, run], [otherName, runOther]]: (typeof pairs)[number]) {
        const key = `${name}, ${otherName}`
        const first = run(cache, key)
        const second = runOther(cache, key)
        const later = <A, E>(operation: Effect.Effect<A, E>) => Effect.andThen(Effect.yieldNow, operation)
        for (const start of ["5", undefined]) {
          const allowed = [
            yield* outcome(cache, key, start, Effect.all([first, second])),
            yield* outcome(
              cache,
              key,
              start,
              Effect.map(Effect.all([second, first]), ([two, one]) => [one, two] as const)
            )
          ]
          for (const both of [
            [first, second],
            [later(first), second],
            [first, later(second)],
            [first, later(later(second))]
          ] as const) {
            const got = yield* outcome(cache, key, start, Effect.all(both, { concurrency: 2 }))
            assert.include(allowed, got, `${name} and ${otherName} at once, on ${start ?? "no value"}`)
          }
        }
      })
      // Few at a time: where operations take turns, those of other pairs would keep the two of one pair apart.
      yield* Effect.forEach(pairs, meet, { concurrency: harness.time === "real" ? 8 : 1, discard: true })
    }),

    ...histories,

    law(
      "getAndDelete, increment: of 100 that count and 30 that collect at once, no count is lost",
      function* ({ cache }) {
        const counting = Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          (index) => Effect.andThen(index % 3 === 0 ? Effect.yieldNow : Effect.void, cache.increment("count")),
          { concurrency: "unbounded" }
        )
        const collecting = Effect.forEach(
          Array.from({ length: 30 }, (_, index) => index),
          (index) => Effect.andThen(index % 3 === 1 ? Effect.yieldNow : Effect.void, cache.getAndDelete("count")),
          { concurrency: "unbounded" }
        )
        const [, collected] = yield* Effect.all([counting, collecting], { concurrency: 2 })
        const left = yield* cache.getAndDelete("count")
        const sum = [...collected, left].reduce((sum, found) => sum + Number(Option.getOrElse(found, () => "0")), 0)
        assert.strictEqual(sum, 100, "counts that were collected")
      }
    ),

    ...(
      [
        [1_000, undefined],
        [1_000, "1 hour"],
        [750, undefined],
        [501, "1 hour"],
        [101, "1 hour"]
      ] as const
    ).map(([size, ttl]) =>
      law(
        size === 1_000 && ttl === undefined
          ? "setMany: atomic up to 1,000 entries"
          : `setMany: atomic, of ${size.toLocaleString("en")} entries${ttl === undefined ? "" : " with a time to live"}`,
        function* ({ cache, missing }) {
          yield* needs(missing, "atomicBatches")
          const keys = Array.from({ length: size }, (_, index) => `key-${index}`)
          const write = (version: number) =>
            cache.setMany(
              keys.map((key) => [key, String(version)]),
              { ttl }
            )
          yield* write(0)
          const writer = yield* Effect.forkChild(Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], write))
          const version = (key: string) => Effect.map(cache.get(key), (value) => Number(Option.getOrThrow(value)))
          const last = `key-${size - 1}`
          // Versions only grow. So where writes are atomic, what is read later is never older, in both directions.
          for (let round = 0; round < 200 && writer.pollUnsafe() === undefined; round++) {
            for (const [first, then] of [
              ["key-0", last],
              [last, "key-0"],
              [`key-${Math.floor(size / 2)}`, "key-0"]
            ] as const) {
              const seen = yield* version(first)
              assert.isAtLeast(yield* version(then), seen, `${then} after ${first}`)
            }
            yield* Effect.yieldNow
          }
          yield* Fiber.join(writer)
          assert.strictEqual(yield* version(last), 8)
        }
      )
    ),

    law("getMany: up to 100 keys as of one moment", function* ({ cache, missing }) {
      yield* needs(missing, "atomicBatches")
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
    }),

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
