import { assert, describe, it } from "@effect/vitest"
import type { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { setup } from "../support/Database.ts"

type Read = Effect.Effect<string, never, CachePort>

/** Paths of categories, each of which reads that of its parent. `looked` has the ids that were looked up. */
const paths = (parents: Readonly<Record<number, number>>, looked: Array<number>, options = {}) => {
  const path = (id: number): Read => {
    looked.push(id)
    const parent = parents[id]
    const above = parent === undefined ? Effect.succeed("") : categories.get(parent)
    return Effect.map(Effect.andThen(Effect.sleep(1), above), (above) => `${above}/${id}`)
  }
  const categories: Cached.UnboundCached<number, string, string, never, CachePort> = Cached.make({
    namespace: "category",
    schema: Schema.String,
    lookup: path,
    ttl: "1 minute",
    ...options
  })
  return categories
}

/** As `paths`, looked up together: reads of parents are one `getMany`. */
const pathsTogether = (parents: Readonly<Record<number, number>>, looked: Array<ReadonlyArray<number>>) => {
  const categories: Cached.UnboundCached<number, string, string, never, CachePort> = Cached.make({
    namespace: "categories",
    schema: Schema.String,
    lookupMany: (ids: ReadonlyArray<number>): Effect.Effect<ReadonlyMap<number, string>, never, CachePort> =>
      Effect.gen(function* () {
        looked.push(ids)
        yield* Effect.sleep(1)
        const above = yield* categories.getMany(ids.flatMap((id) => parents[id] ?? []))
        return new Map(ids.map((id) => [id, `${above.get(parents[id] ?? Number.NaN) ?? ""}/${id}`]))
      }),
    ttl: "1 minute"
  })
  return categories
}

/** The result of a read that must end within a second. */
const soon = Effect.fnUntraced(function* <A>(read: Effect.Effect<A, never, CachePort>) {
  const reading = yield* Effect.forkChild(read)
  yield* TestClock.adjust("1 second")
  return reading.pollUnsafe() === undefined ? assert.fail("The read waits for itself.") : yield* Fiber.join(reading)
})

describe("Cached: lookups that read further keys", () => {
  for (const concurrency of [1, 2, 16]) {
    it.effect(`keys of a getMany may read each other, ${concurrency} at a time`, () => {
      const { run } = setup()
      const looked: Array<number> = []
      const ids = Array.from({ length: 20 }, (_, id) => id + 1)
      const categories = paths(Object.fromEntries(ids.map((id) => [id, 0])), looked, { concurrency })
      return Effect.gen(function* () {
        const found = yield* soon(categories.getMany([...ids, 0]))
        assert.deepStrictEqual(Array.from(found.values()), [...ids.map((id) => `/0/${id}`), "/0"])
        assert.isAtMost(looked.filter((id) => id === 0).length, 2)
      }).pipe(run)
    })
  }

  it.effect("keys that are looked up together may read each other", () => {
    const { run } = setup()
    const looked: Array<ReadonlyArray<number>> = []
    const categories = pathsTogether({ 1: 2, 2: 3 }, looked)
    return Effect.gen(function* () {
      const found = yield* soon(categories.getMany([1, 2, 3]))
      assert.deepStrictEqual(Array.from(found), [
        [1, "/3/2/1"],
        [2, "/3/2"],
        [3, "/3"]
      ])
    }).pipe(run)
  })

  it.effect("batched reads may read each other", () => {
    const { run } = setup()
    const categories = pathsTogether({ 1: 2, 2: 3 }, [])
    return Effect.gen(function* () {
      const all = Effect.forEach([1, 2, 3], (id) => categories.getBatched(id), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* soon(all), ["/3/2/1", "/3/2", "/3"])
    }).pipe(run)
  })

  it.effect("batches of two readers may read keys of each other", () => {
    const { run } = setup()
    const categories = pathsTogether({ 1: 3, 2: 4 }, [])
    return Effect.gen(function* () {
      const both = Effect.all([categories.getMany([1, 4]), categories.getMany([2, 3])], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        (yield* soon(both)).flatMap((found) => Array.from(found.values())),
        ["/3/1", "/4", "/4/2", "/3"]
      )
    }).pipe(run)
  })

  it.effect("batches of two Cacheds may read keys of each other", () => {
    const { run } = setup()
    type Text = Cached.UnboundCached<number, string, string, never, CachePort>
    const reading = (namespace: string, other: () => Text): Text =>
      Cached.make({
        namespace,
        schema: Schema.String,
        lookupMany: (ids: ReadonlyArray<number>): Effect.Effect<ReadonlyMap<number, string>, never, CachePort> =>
          Effect.gen(function* () {
            yield* Effect.sleep(1)
            const below = yield* other().getMany(ids.flatMap((id) => (id > 1 ? id - 1 : [])))
            return new Map(ids.map((id) => [id, `${below.get(id - 1) ?? ""}/${namespace} ${id}`]))
          }),
        ttl: "1 minute"
      })
    const teams: Text = reading("team", () => users)
    const users: Text = reading("user", () => teams)
    return Effect.gen(function* () {
      const both = Effect.all([teams.getMany([1, 4]), users.getMany([2, 3])], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        (yield* soon(both)).flatMap((found) => Array.from(found.values())),
        ["/team 1", "/user 1/team 2/user 3/team 4", "/team 1/user 2", "/user 1/team 2/user 3"]
      )
    }).pipe(run)
  })

  it.effect("keys that several lookups read at the same time are looked up once", () => {
    const { run } = setup()
    const looked: Array<number> = []
    const categories = paths({ 1: 0, 2: 0, 3: 0 }, looked)
    return Effect.gen(function* () {
      const all = Effect.forEach([1, 2, 3], (id) => categories.get(id), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* soon(all), ["/0/1", "/0/2", "/0/3"])
      assert.deepStrictEqual(
        yield* soon(categories.getMany([1, 2, 3])),
        new Map([1, 2, 3].map((id) => [id, `/0/${id}`]))
      )
      assert.deepStrictEqual(looked.toSorted(), [0, 1, 2, 3])
    }).pipe(run)
  })

  it.effect("a lookup that reads its own key waits, and does not look it up again and again", () => {
    const { run } = setup()
    const [looked, together]: [Array<number>, Array<ReadonlyArray<number>>] = [[], []]
    const categories = paths({ 1: 2, 2: 1 }, looked)
    const others = pathsTogether({ 1: 2, 2: 1 }, together)
    return Effect.gen(function* () {
      const reading = yield* Effect.forEach([categories.get(1), others.getMany([1, 2])], (read) =>
        Effect.forkChild(read)
      )
      yield* TestClock.adjust("1 second")
      for (const each of reading) assert.isUndefined(each.pollUnsafe())
      assert.deepStrictEqual(looked, [1, 2])
      assert.isAtMost(together.length, 4)
      yield* Fiber.interruptAll(reading)
    }).pipe(run)
  })
})
