import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import {
  BigDecimal,
  Chunk,
  DateTime,
  Duration,
  Effect,
  Fiber,
  HashMap,
  HashSet,
  Logger,
  Option,
  Result,
  Schema
} from "effect"
import { TestClock } from "effect/testing"
import { setup } from "../support/Database.ts"

/** A value that any reader may change. */
const Basket = Schema.Struct({
  items: Schema.mutable(Schema.Array(Schema.String)),
  extra: Schema.Record(Schema.String, Schema.Json)
})

const basket = () => ({ items: ["apple"], extra: { list: ["pear"] } })

/** Changes a value in every place. */
const spoil = (found: typeof Basket.Type): void => {
  found.items.push("spoiled")
  ;(found.extra.list as Array<string>).push("spoiled")
}

const baskets = (options: { readonly takes?: number; readonly isKept?: boolean } = {}) =>
  Cached.make({
    namespace: "basket",
    schema: Basket,
    lookup: (_: number) => Effect.delay(Effect.sync(basket), options.takes ?? 0),
    ttl: options.isKept === false ? () => 0 : "1 minute",
    staleFor: "1 hour"
  })

describe("Cached: the value of one reader", () => {
  it.effect("a reader's changes of a value are neither stored nor seen by those who waited for the same lookup", () => {
    const { run } = setup()
    const cached = baskets({ takes: 10 })
    return Effect.gen(function* () {
      const read = Effect.tap(cached.get(1), (found) => Effect.sync(() => spoil(found)))
      const many = Effect.map(cached.getMany([1]), (found) => found.get(1) ?? assert.fail())
      const reading = yield* Effect.forEach(
        [read, cached.get(1), cached.getBatched(1), cached.getBatched(1), many],
        (each) => Effect.forkChild(each)
      )
      yield* TestClock.adjust(10)
      const [, ...others] = yield* Fiber.joinAll(reading)
      for (const other of others) assert.deepStrictEqual(other, basket())
      assert.deepStrictEqual(yield* cached.get(1), basket())
    }).pipe(run)
  })

  for (const isKept of [true, false]) {
    it.effect(
      `a reader's changes are not seen by those who wait for a value that is ${isKept ? "being written" : "not stored"}`,
      () => {
        const { run, store } = setup()
        const cached = baskets({ takes: 10, isKept })
        return Effect.gen(function* () {
          yield* Effect.forkChild(cached.get(0))
          yield* TestClock.adjust(10)
          store.before = ({ operation }) => (operation === "set" ? Effect.sleep(100) : Effect.void)
          const reading = yield* Effect.forEach([1, 2, 3], () =>
            Effect.forkChild(Effect.tap(cached.get(1), (found) => Effect.sync(() => spoil(found))))
          )
          yield* TestClock.adjust(10)
          for (const found of yield* Fiber.joinAll(reading)) assert.strictEqual(found.items.length, 2)
          if (isKept) assert.deepStrictEqual(yield* cached.get(1), basket())
          yield* TestClock.adjust(100)
          if (isKept) assert.deepStrictEqual(yield* cached.get(1), basket())
        }).pipe(run)
      }
    )
  }

  it.effect("a reader's changes are not seen by other batched readers of the same key", () => {
    const { run } = setup()
    const cached = baskets()
    return Effect.gen(function* () {
      for (let round = 0; round < 2; round++) {
        const spoiling = Effect.tap(cached.getBatched(1), (found) => Effect.sync(() => spoil(found)))
        const [, other] = yield* Effect.all([spoiling, cached.getBatched(1)], { concurrency: "unbounded" })
        assert.deepStrictEqual(other, basket())
      }
    }).pipe(run)
  })

  it.effect("changes of a value after set are not stored", () => {
    const { run } = setup()
    const cached = baskets()
    return Effect.gen(function* () {
      const value = basket()
      const setting = yield* Effect.forkChild(cached.set(1, value), { startImmediately: true })
      spoil(value)
      yield* Fiber.join(setting)
      assert.deepStrictEqual(yield* cached.get(1), basket())
    }).pipe(run)
  })
})

class Account extends Schema.Class<Account>("Account")({ id: Schema.Int, note: Schema.optional(Schema.String) }) {}

/** A row as a library for databases gives it: of a class, and with more than the schema knows. */
class Row {
  readonly id = 1
  readonly password = "unknown to the schema"
  get name() {
    return "Ada"
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each has a schema of its own.
const cases: ReadonlyArray<readonly [what: string, schema: Schema.Codec<any>, value: unknown, isKept: boolean]> = [
  [
    "an undefined that comes back as null",
    Schema.Struct({ a: Schema.optional(Schema.NullOr(Schema.String)) }),
    { a: undefined },
    false
  ],
  ["a text that comes back as a number", Schema.Union([Schema.Number, Schema.String]), "Infinity", false],
  ["a text that comes back as a date", Schema.Union([Schema.Date, Schema.String]), "2020-01-01T00:00:00.000Z", false],
  [
    "a text that comes back as a bigint, deep inside",
    Schema.Array(Schema.Option(Schema.Union([Schema.BigInt, Schema.String]))),
    [Option.some("5")],
    false
  ],
  [
    "a struct that comes back as a smaller member of its union",
    Schema.Union([Schema.Struct({ id: Schema.Int }), Schema.Struct({ id: Schema.Int, name: Schema.String })]),
    { id: 1, name: "Ada" },
    false
  ],
  ["a map where there may be anything", Schema.Any, new Map([["a", 1]]), false],
  ["a set deep inside of anything", Schema.Struct({ a: Schema.Any }), { a: [{ b: new Set([1]) }] }, false],
  ["a class of its own where there may be anything", Schema.Record(Schema.String, Schema.Any), { a: new Row() }, false],
  ["a function where there may be anything", Schema.Option(Schema.Any), Option.some({ a: () => 1 }), false],
  [
    "JSON where there may be anything",
    Schema.Struct({ a: Schema.Any }),
    { a: [{ b: null, c: undefined }, "d", 1.5] },
    true
  ],
  [
    "a record with names of prototypes",
    Schema.Record(Schema.String, Schema.Number),
    JSON.parse(`{"__proto__":1,"constructor":2,"toString":3}`),
    true
  ],
  ["the other text of such a union", Schema.Union([Schema.Number, Schema.String]), "5 apples", true],
  ["the number of such a union", Schema.Union([Schema.Number, Schema.String]), Infinity, true],
  [
    "an undefined that comes back as undefined",
    Schema.Struct({ a: Schema.optional(Schema.String) }),
    { a: undefined },
    true
  ],
  ["a field that is absent", Schema.Struct({ a: Schema.optional(Schema.NullOr(Schema.String)) }), {}, true],
  ["a row of a class of its own", Schema.Struct({ id: Schema.Int, name: Schema.String }), new Row(), true],
  ["a value of a class", Account, new Account({ id: 1, note: undefined }), true],
  ["NaN", Schema.Number, Number.NaN, true],
  ["minus zero", Schema.Number, -0, true],
  ["a date", Schema.Date, new Date(5), true],
  ["a map", Schema.ReadonlyMap(Schema.String, Schema.Date), new Map([["a", new Date(5)]]), true],
  ["a set", Schema.ReadonlySet(Schema.BigInt), new Set([1n, 2n]), true],
  [
    "a hash map",
    Schema.HashMap(Schema.Int, Schema.Int),
    HashMap.fromIterable(Array.from({ length: 99 }, (_, i) => [98 - i, i] as const)),
    true
  ],
  ["a hash set", Schema.HashSet(Schema.String), HashSet.make("b", "a"), true],
  ["a chunk", Schema.Chunk(Schema.Int), Chunk.appendAll(Chunk.make(1), Chunk.make(2, 3)), true],
  [
    "an option with an undefined inside",
    Schema.Option(Schema.Struct({ a: Schema.optional(Schema.Int) })),
    Option.some({ a: undefined }),
    true
  ],
  ["a result", Schema.Result(Schema.Int, Schema.String), Result.fail("no"), true],
  ["a duration", Schema.Duration, Duration.minutes(3), true],
  ["a moment", Schema.DateTimeUtc, DateTime.makeUnsafe(5), true],
  ["a decimal", Schema.BigDecimal, BigDecimal.fromStringUnsafe("1.50"), true],
  ["bytes", Schema.Uint8Array, new Uint8Array([1, 2, 3]), true],
  ["an address", Schema.URL, new URL("https://a.example/b?c=d"), true],
  ["a regular expression", Schema.RegExp, /a/giu, true],
  ["JSON of any shape", Schema.Json, JSON.parse(`{"a":[1,{"b":null}],"__proto__":{"c":1}}`), true]
]

describe("Cached: values whose JSON means another", () => {
  for (const [what, schema, value, isKept] of cases) {
    it.effect(`a Cached ${isKept ? "stores" : "returns and does not store"} ${what}`, () => {
      const { run, store } = setup()
      let lookups = 0
      const logged: Array<unknown> = []
      const values = Cached.make({
        namespace: "value",
        schema,
        lookup: (_: number) =>
          Effect.sync(() => {
            lookups++
            return value
          }),
        ttl: "1 minute"
      })
      return Effect.gen(function* () {
        assert.isTrue(Object.is(yield* values.get(1), value))
        yield* values.get(1)
        assert.strictEqual(lookups, isKept ? 1 : 2)
        yield* values.set(1, value)
        yield* values.get(1)
        assert.strictEqual(lookups, isKept ? 1 : 3)
        assert.deepStrictEqual(
          logged,
          isKept ? [] : ["A value is not kept: its JSON would be read as another value"],
          "said once"
        )
        assert.strictEqual(
          Array.from(store.entries.values()).some(({ value }) => value.length > 40),
          isKept
        )
      }).pipe(run, Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(...[message].flat()))])))
    })
  }
})
