import { assert, describe, it } from "@effect/vitest"
import { CachePort, CacheStats } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Cause, Context, Effect, Exit, Fiber, Layer, type Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { expectTypeOf } from "vitest"
import { DbError, setup, silently, User, usual } from "./support/Database.ts"

describe("Cached", () => {
  it.effect(
    "a key is looked up once, with one read of the cache and one write, and is then read from the cache",
    () => {
      const { db, run, store } = setup()
      const users = Cached.make(usual(db))
      return Effect.gen(function* () {
        yield* users.get(1)
        store.asked = []
        assert.deepStrictEqual(yield* users.get(2), db.user(2))
        assert.deepStrictEqual(
          store.asked.map(({ operation }) => operation),
          ["getMany", "setIfAbsent", "set"]
        )
        assert.deepStrictEqual(yield* users.get(2), db.user(2))
        assert.deepStrictEqual(db.lookups, [1, 2])
        assert.strictEqual(store.asked.length, 4)
      }).pipe(run)
    }
  )

  it("the types of reads follow from the options, and have no error of the cache", () => {
    const { db } = setup()
    class Db extends Context.Service<Db, { readonly find: (id: number) => Effect.Effect<User, DbError> }>()("Db") {}
    const users = Cached.make({ ...usual(db), lookup: (id: number) => Db.use(({ find }) => find(id)) })
    expectTypeOf(users.get(1)).toEqualTypeOf<Effect.Effect<User, DbError, CachePort | Db>>()
    expectTypeOf(users.getMany([1])).toEqualTypeOf<Effect.Effect<ReadonlyMap<number, User>, DbError, CachePort | Db>>()
    const bound = Effect.map(users, ({ get }) => get(1))
    expectTypeOf(bound).toEqualTypeOf<Effect.Effect<Effect.Effect<User, DbError>, never, CachePort | Db>>()

    const maybe = Cached.make({ ...usual(db), lookup: db.findEven, negativeTtl: "1 minute" })
    expectTypeOf(maybe.get(1)).toEqualTypeOf<Effect.Effect<Option.Option<User>, DbError, CachePort>>()
    expectTypeOf(maybe.getMany([1])).toEqualTypeOf<Effect.Effect<ReadonlyMap<number, User>, DbError, CachePort>>()
    const timed = Cached.make({ ...usual(db), lookupTimeout: "1 second" })
    expectTypeOf(timed.get(1)).toEqualTypeOf<Effect.Effect<User, DbError | Cause.TimeoutError, CachePort>>()
    const many = Cached.make({ namespace: "user", schema: User, lookupMany: db.findMany, ttl: 1 })
    expectTypeOf(many.get(1)).toEqualTypeOf<Effect.Effect<User, DbError, CachePort>>()

    // @ts-expect-error the lookup gives what the schema does not describe
    Cached.make({ ...usual(db), lookup: (id: number) => Effect.succeed({ id }) })
    // @ts-expect-error without a negativeTtl there is always a value
    Cached.make({ ...usual(db), lookup: db.findEven })
    // @ts-expect-error a key that is no text needs a way to become one
    Cached.make({ ...usual(db), lookup: (by: { readonly id: number }) => db.find(by.id) })
    Cached.make({ ...usual(db), lookup: (by: { readonly id: number }) => db.find(by.id), key: ({ id }) => id })
    Cached.make({ ...usual(db), lookup: ([id]: readonly [number, string]) => db.find(id) })
  })

  it.effect("a Cached is an effect that succeeds with the same, bound to the cache and the lookup's services", () => {
    const { db, store } = setup()
    class Db extends Context.Service<Db, { readonly find: typeof db.find }>()("Db") {}
    class Users extends Context.Service<Users, { readonly byId: (id: number) => Effect.Effect<User, DbError> }>()(
      "Users"
    ) {
      static readonly layer = Layer.effect(
        Users,
        Effect.gen(function* () {
          const users = yield* Cached.make({ ...usual(db), lookup: (id: number) => Db.use(({ find }) => find(id)) })
          return { byId: users.get }
        })
      )
    }
    return Effect.gen(function* () {
      const { byId } = yield* Users
      assert.deepStrictEqual(yield* byId(1), db.user(1))
      assert.deepStrictEqual(yield* byId(1), db.user(1))
      assert.deepStrictEqual(db.lookups, [1])
    }).pipe(
      Effect.provide(
        Users.layer.pipe(Layer.provide([Layer.succeed(CachePort, store.cache), Layer.succeed(Db, { find: db.find })]))
      )
    )
  })

  it.effect(
    "a Cached reads the values of another one of the same namespace and schema, in each cache by itself",
    () => {
      const { db, run } = setup()
      return Effect.gen(function* () {
        const [users, others] = [Cached.make(usual(db)), Cached.make(usual(db))]
        yield* users.get(1)
        yield* others.get(1)
        assert.deepStrictEqual(db.lookups, [1])
        yield* Effect.provideService(users.get(1), CachePort, new MapStore().cache)
        assert.deepStrictEqual(db.lookups, [1, 1])
      }).pipe(run)
    }
  )

  it.effect("keys of every kind are apart, whatever their parts hold", () => {
    const { run } = setup()
    const echo = Cached.make({
      namespace: "a:b",
      schema: Schema.String,
      lookup: (key: readonly [string, ...ReadonlyArray<string | number>]) => Effect.succeed(JSON.stringify(key)),
      ttl: "1 minute"
    })
    return Effect.gen(function* () {
      const keys = [["a"], ["a", "b"], ["a:b"], ["a%3Ab"], [""], ["", ""], ["__proto__"], ["a", 1], ["é🎉"]] as const
      for (const key of keys) assert.strictEqual(yield* echo.get(key), JSON.stringify(key))
      for (const key of keys) assert.strictEqual(yield* echo.get(key), JSON.stringify(key))
      assert.deepStrictEqual(yield* echo.getMany(keys), new Map(keys.map((key) => [key, JSON.stringify(key)])))
    }).pipe(run)
  })

  it.effect("a key that no cache takes is looked up each time", () => {
    const { run } = setup()
    let lookups = 0
    const echo = Cached.make({
      namespace: "echo",
      schema: Schema.String,
      lookup: (key: string) => Effect.sync(() => `${++lookups} ${key.length}`),
      ttl: "1 minute"
    })
    return Effect.gen(function* () {
      for (const key of ["\ud800", "k".repeat(70_000)]) {
        assert.match(yield* echo.get(key), /^\d+ \d+$/)
        yield* echo.get(key)
        yield* echo.invalidate(key)
      }
      assert.strictEqual(lookups, 4)
    }).pipe(run, silently)
  })

  it.effect("values come back as their schema says, also those that JSON does not have", () => {
    const { run } = setup()
    class Account extends Schema.Class<Account>("Account")({
      at: Schema.Date,
      amount: Schema.BigInt,
      extra: Schema.Record(Schema.String, Schema.Unknown)
    }) {}
    const extra = JSON.parse(`{"__proto__":{"admin":true},"constructor":1}`)
    const accounts = Cached.make({
      namespace: "account",
      schema: Account,
      lookup: (_: string) => Effect.succeed(new Account({ at: new Date(5), amount: 2n ** 70n, extra })),
      ttl: "1 minute"
    })
    return Effect.gen(function* () {
      const first = yield* accounts.get("a")
      const second = yield* accounts.get("a")
      assert.notStrictEqual(first, second)
      assert.instanceOf(second, Account)
      assert.deepStrictEqual([second.at, second.amount], [new Date(5), 2n ** 70n])
      assert.deepStrictEqual(Object.keys(second.extra), ["__proto__", "constructor"])
      assert.notProperty({}, "admin")
      assert.strictEqual((yield* accounts.stats).lookups, 1)
    }).pipe(run)
  })

  for (const [what, text] of [
    ["no JSON", "{"],
    ["nothing", ""],
    ["JSON of another shape", `{"id":1}`],
    ["a prototype", `{"__proto__":[1]}`],
    ["an entry of another version", `[0,9e15,9e15,1,"all","",[],{"id":1,"name":"old","tags":[]}]`],
    ["an entry with a value of another shape", undefined]
  ] as const) {
    it.effect(`an entry that is ${what} is a miss, and replaced`, () => {
      const { db, run, store } = setup()
      const users = Cached.make(usual(db))
      return Effect.gen(function* () {
        yield* users.get(1)
        const [name = "", entry] = [...store.entries].find(([name]) => name === store.entryNames(1)[0]) ?? []
        const broken = text ?? entry?.value.replace(`"user 1"`, "7") ?? ""
        assert.notStrictEqual(broken, entry?.value)
        store.entries.set(name, { value: broken, end: Infinity })
        assert.deepStrictEqual(yield* users.get(1), db.user(1))
        assert.deepStrictEqual(yield* users.get(1), db.user(1))
        assert.strictEqual(db.lookups.length, 2)
      }).pipe(run)
    })
  }

  it.effect("a schema of another shape starts clean, and one that is only documented otherwise does not", () => {
    const { db, run } = setup()
    const Documented = Schema.Struct({
      id: Schema.Int,
      name: Schema.String.annotate({ description: "their name" }),
      tags: Schema.Array(Schema.String)
    })
    const Wider = Schema.Struct({ ...User.fields, age: Schema.optional(Schema.Int) })
    return Effect.gen(function* () {
      yield* Cached.make(usual(db)).get(1)
      yield* Cached.make({ ...usual(db), schema: Documented }).get(1)
      assert.strictEqual(db.lookups.length, 1)
      yield* Cached.make({ ...usual(db), schema: Wider }).get(1)
      assert.strictEqual(db.lookups.length, 2)
    }).pipe(run)
  })

  it.effect("a failed lookup is the reader's, and not stored", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      assert.deepStrictEqual(yield* Effect.flip(users.get(1)), new DbError({ reason: "down" }))
      assert.deepStrictEqual(store.entryNames(1), [])
      db.fault = undefined
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      const { lookupFailures, lookups } = yield* users.stats
      assert.isAtLeast(lookups - lookupFailures, 1)
    }).pipe(run)
  })

  for (const [what, fault] of [
    ["defect", Effect.die("bug")],
    ["interruption", Effect.interrupt]
  ] as const) {
    it.effect(`a lookup's ${what} reaches its readers, and is not stored`, () => {
      const { db, run, store } = setup()
      const users = Cached.make({ ...usual(db), staleFor: "1 hour" })
      return Effect.gen(function* () {
        db.takes = 10
        db.fault = fault
        const reading = yield* Effect.forkChild(
          Effect.all([Effect.exit(users.get(1)), Effect.exit(users.get(1))], { concurrency: 2 })
        )
        yield* TestClock.adjust(10)
        const exits = yield* Fiber.join(reading)
        for (const exit of exits) {
          assert.isTrue(
            Exit.isFailure(exit) && (what === "defect" ? Cause.hasDies(exit.cause) : Cause.hasInterrupts(exit.cause))
          )
        }
        assert.deepStrictEqual(store.entryNames(1), [])
      }).pipe(run)
    })
  }

  it.effect("a lookup that throws is a defect", () => {
    const { run } = setup()
    const users = Cached.make({
      namespace: "throws",
      schema: User,
      lookup: (id: number): Effect.Effect<User> => {
        throw new Error(`bug ${id}`)
      },
      ttl: 1_000
    })
    return Effect.gen(function* () {
      const exit = yield* Effect.exit(users.get(1))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }).pipe(run)
  })

  it.effect("a value that its schema refuses is returned, and not stored", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), lookup: (id: number) => Effect.succeed({ ...db.user(id), id: 1.5 }) })
    return Effect.gen(function* () {
      assert.strictEqual((yield* users.get(1)).id, 1.5)
      assert.deepStrictEqual(store.entryNames(1), [])
    }).pipe(run, silently)
  })

  it.effect("every method works on a cache that fails: a lookup each time, one read before it and no write", () => {
    const { db, store } = setup()
    const users = Cached.make(usual(db))
    store.fails = () => true
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      assert.strictEqual(store.asked.length, 2)
      assert.deepStrictEqual(yield* users.getMany([1, 2]), new Map([1, 2].map((id) => [id, db.user(id)])))
      assert.deepStrictEqual(yield* users.refresh(1), db.user(1))
      yield* users.set(1, db.user(1))
      yield* users.invalidate(1)
      yield* users.invalidateTag("tag")
      yield* users.invalidateAll
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      assert.strictEqual(db.lookups.length, 6)
    }).pipe(Effect.provideService(CachePort, store.cache), silently)
  })

  it.effect("a failed write loses no value, and does not hold up its reader", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(0)
      store.before = ({ operation }) => (operation === "set" ? Effect.never : Effect.void)
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      store.fails = ({ operation }) => operation === "set"
      store.before = () => Effect.void
      assert.deepStrictEqual(yield* users.get(2), db.user(2))
    }).pipe(run, silently)
  })

  it.effect("a Cached counts its reads and lookups, also in CacheStats", () => {
    const { db, run } = setup()
    const namespace = `counted ${Math.random()}`
    const users = Cached.make({ ...usual(db), namespace, staleFor: "1 hour" })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* users.get(1)
      yield* users.getMany([1, 2])
      yield* TestClock.adjust("6 minutes")
      db.takes = 1
      yield* users.get(1)
      yield* TestClock.adjust(1)
      db.takes = 0
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      yield* Effect.flip(users.get(3))
      assert.deepStrictEqual(yield* users.stats, {
        hits: 2,
        stale: 1,
        misses: 3,
        lookups: 4,
        lookupFailures: 1,
        refreshes: 1,
        joins: 0,
        invalidations: 0,
        pendingInvalidations: 0
      })
      assert.deepStrictEqual(yield* CacheStats.of(namespace), { hits: 3, misses: 3, errors: 0, hitRate: 0.5 })
    }).pipe(run)
  })

  it("make throws on options out of range", () => {
    const { db } = setup()
    for (const options of [
      { ttl: 0 },
      { ttl: -1 },
      { ttl: Number.NaN },
      { jitter: 1 },
      { jitter: -0.1 },
      { jitter: Number.NaN },
      { staleFor: -1 },
      { refreshAhead: -1 },
      { lease: Infinity },
      { concurrency: 0 },
      { concurrency: 1.5 },
      { namespace: "" },
      { namespace: "\ud800" },
      { stalefor: "1 hour" }
    ]) {
      assert.throws(() => Cached.make({ ...usual(db), ...options }), /^Cached: /, JSON.stringify(options))
    }
  })
})
