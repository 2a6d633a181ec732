import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Context, Effect, Fiber, Layer, Logger, Option, References, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"

/** A handle on a database, which says who it belongs to. */
class Db extends Context.Service<Db, { readonly owner: string }>()("Db") {}

/** As a transaction of a request has it. */
const CurrentTransaction = Context.Reference<string>("CurrentTransaction", { defaultValue: () => "none" })

const as =
  (owner: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Db>> =>
    self.pipe(Effect.provideService(Db, { owner }), Effect.provideService(CurrentTransaction, owner))

const ownerOf = (_: string) =>
  Effect.gen(function* () {
    const { owner } = yield* Db
    return `${owner} ${yield* CurrentTransaction}`
  })

const base = { namespace: "owner", schema: Schema.String, ttl: "1 minute", staleFor: "1 hour" } as const

const make = () => Cached.make({ ...base, lookup: ownerOf })

const makeMany = () =>
  Cached.make({
    ...base,
    lookupMany: (keys: ReadonlyArray<string>) =>
      Effect.map(ownerOf(""), (owner) => keys.map((key) => [key, owner] as const))
  })

const run = <A, E>(self: Effect.Effect<A, E, CachePort>) => Effect.provideService(self, CachePort, new MapStore().cache)

describe("Cached: the services of lookups", () => {
  for (const [what, makeOwners] of [
    ["a lookup", make],
    ["a lookupMany", makeMany]
  ] as const) {
    it.effect(`requests with services of their own share no batch of ${what}`, () => {
      const owners = makeOwners()
      return Effect.gen(function* () {
        const found = yield* Effect.all(
          [
            owners.getBatched("a1").pipe(as("a")),
            owners.getBatched("b1").pipe(as("b")),
            owners.getBatched("a2").pipe(as("a"))
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(found, ["a a", "b b", "a a"])
        assert.strictEqual(yield* owners.get("b1").pipe(as("a")), "b b")
      }).pipe(run)
    })

    it.effect(`a bound Cached runs ${what} with the services that it was bound with, whoever reads`, () =>
      Effect.gen(function* () {
        const owners = yield* makeOwners().pipe(Effect.provideService(Db, { owner: "bound" }))
        const bound = "bound none"
        const asked = Effect.gen(function* () {
          assert.strictEqual(yield* owners.get("get"), bound)
          assert.deepStrictEqual([...(yield* owners.getMany(["one", "two"])).values()], [bound, bound])
          assert.strictEqual(yield* owners.getBatched("batched"), bound)
          assert.strictEqual(yield* owners.refresh("get"), bound)
          yield* TestClock.adjust("2 minutes")
          yield* owners.get("get")
          yield* owners.getMany(["one", "two"])
          yield* owners.getBatched("batched")
          yield* TestClock.adjust(0)
          for (const key of ["get", "one", "two", "batched"]) assert.strictEqual(yield* owners.get(key), bound)
          const { refreshes } = yield* owners.stats
          assert.isAtLeast(refreshes, 4)
        })
        yield* asked.pipe(as("caller"))
      }).pipe(run)
    )
  }

  it.effect("a bound Cached looks up with the bound services under a lease, and ahead of the end", () =>
    Effect.gen(function* () {
      const owners = yield* Cached.make({ ...base, lookup: ownerOf, lease: "1 second", refreshAhead: 1e9 }).pipe(
        Effect.provideService(Db, { owner: "bound" })
      )
      for (let round = 0; round < 3; round++) {
        assert.strictEqual(yield* owners.get("key").pipe(as("caller")), "bound none")
        yield* TestClock.adjust(1)
      }
    }).pipe(run)
  )

  it.effect("a batch of a bound Cached is one for all callers", () => {
    const batches: Array<ReadonlyArray<string>> = []
    return Effect.gen(function* () {
      const owners = yield* Cached.make({
        ...base,
        lookupMany: (keys: ReadonlyArray<string>) =>
          Effect.map(Db, ({ owner }) => {
            batches.push(keys)
            return keys.map((key) => [key, owner] as const)
          })
      }).pipe(Effect.provideService(Db, { owner: "bound" }))
      yield* Effect.all([owners.getBatched("1").pipe(as("a")), owners.getBatched("2").pipe(as("b"))], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(batches, [["1", "2"]])
    }).pipe(run)
  })

  it.effect("spans and log annotations of the caller do not part a batch", () => {
    const batches: Array<number> = []
    const owners = Cached.make({
      ...base,
      lookupMany: (keys: ReadonlyArray<string>) =>
        Effect.sync(() => {
          batches.push(keys.length)
          return keys.map((key) => [key, key] as const)
        })
    })
    return Effect.gen(function* () {
      yield* Effect.forEach(
        ["1", "2", "3"],
        (key) => owners.getBatched(key).pipe(Effect.withSpan(key), Effect.annotateLogs({ key })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(batches, [3])
    }).pipe(run)
  })

  it.effect("a lookup that a reader waits for is below its span, and one in the background is not", () => {
    const seen: Array<readonly [span: string | undefined, request: unknown]> = []
    const logger = Logger.make(() => {})
    return Effect.gen(function* () {
      const owners = yield* Cached.make({
        ...base,
        lookup: (_: string) =>
          Effect.gen(function* () {
            const span = Option.getOrUndefined(yield* Effect.serviceOption(Tracer.ParentSpan))
            seen.push([
              span?._tag === "Span" ? span.name : undefined,
              (yield* References.CurrentLogAnnotations).request
            ])
            return "value"
          })
      }).pipe(Effect.withSpan("layer"))
      yield* owners.get("key").pipe(Effect.withSpan("first"), Effect.annotateLogs({ request: 1 }))
      yield* TestClock.adjust("2 minutes")
      yield* owners.get("key").pipe(Effect.withSpan("second"), Effect.annotateLogs({ request: 2 }))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(seen, [
        ["first", 1],
        [undefined, 2]
      ])
    }).pipe(run, Effect.provide(Logger.layer([logger])))
  })

  it.effect("a transaction of the caller that is rolled back leaves nothing in the cache", () => {
    const names = new Map([["1", "committed"]])
    class Tables extends Context.Service<Tables, { readonly read: (id: string) => string | undefined }>()("Tables") {}
    const committed = { read: (id: string) => names.get(id) }
    return Effect.gen(function* () {
      const users = yield* Users
      const inside = { read: () => "uncommitted" }
      assert.strictEqual(yield* users.get("1").pipe(Effect.provideService(Tables, inside)), "committed")
      assert.strictEqual(yield* users.get("1"), "committed")
    }).pipe(
      Effect.provide(
        Layer.effect(
          Users,
          Cached.make({
            ...base,
            lookup: (id: string) => Effect.map(Tables, ({ read }) => read(id) ?? "")
          })
        ).pipe(Layer.provide(Layer.succeed(Tables, committed)))
      ),
      run
    )
  })

  it.effect("readers of an unbound Cached with services of their own share the lookup of one key", () => {
    let lookups = 0
    const owners = Cached.make({
      ...base,
      lookup: (_: string) =>
        Effect.map(Effect.delay(Db, 10), ({ owner }) => {
          lookups++
          return owner
        })
    })
    return Effect.gen(function* () {
      const reading = yield* Effect.forEach(["a", "b", "c"], (owner) =>
        Effect.forkChild(owners.get("1").pipe(as(owner)))
      )
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.joinAll(reading), ["a", "a", "a"])
      assert.strictEqual(lookups, 1)
    }).pipe(run)
  })
})

class Users extends Context.Service<Users, { readonly get: (id: string) => Effect.Effect<string> }>()("Users") {}
