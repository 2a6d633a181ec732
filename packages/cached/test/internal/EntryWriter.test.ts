import { assert, describe, it } from "@effect/vitest"
import type { Asked } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import { otherProcess, setup, silently, User, usual } from "../support/Database.ts"

describe("Cached: a newer value that cannot be stored", () => {
  const faults: ReadonlyArray<readonly [what: string, fails: (asked: Asked) => boolean]> = [
    ["its write is refused", ({ operation }) => operation === "set"],
    ["the cache is full", ({ operation }) => operation.startsWith("set")],
    ["the cache fails every write", ({ operation }) => operation !== "getMany"],
    ["the cache fails", () => true]
  ]
  for (const [what, fails] of faults) {
    it.effect(`no older value follows one of refresh, where ${what}`, () => {
      const { db, run, store } = setup()
      const users = Cached.make(usual(db))
      return Effect.gen(function* () {
        yield* users.get(1)
        db.names.set(1, "new")
        store.fails = fails
        assert.strictEqual((yield* users.refresh(1)).name, "new")
        assert.strictEqual((yield* users.get(1)).name, "new")
        store.fails = () => false
        assert.strictEqual((yield* users.get(1)).name, "new")
        assert.strictEqual((yield* users.getMany([1])).get(1)?.name, "new")
        assert.strictEqual((yield* otherProcess(db).get(1)).name, "new")
      }).pipe(run, silently)
    })
  }

  it.effect("no older value follows one of refresh, where its schema refuses it", () => {
    const { db, run } = setup()
    let age = 1
    const users = Cached.make({
      ...usual(db),
      lookup: (id: number) => Effect.sync(() => ({ ...db.user(id), id: age }))
    })
    return Effect.gen(function* () {
      yield* users.get(1)
      age = 1.5
      assert.strictEqual((yield* users.refresh(1)).id, 1.5)
      assert.strictEqual((yield* users.get(1)).id, 1.5)
      assert.strictEqual((yield* users.get(1)).id, 1.5)
    }).pipe(run, silently)
  })

  it.effect("no older value follows one of refresh, where only reading failed", () => {
    const { db, run, store } = setup()
    const users = Cached.make(usual(db))
    return Effect.gen(function* () {
      yield* users.get(1)
      db.names.set(1, "new")
      store.fails = ({ operation }) => operation === "getMany"
      assert.strictEqual((yield* users.refresh(1)).name, "new")
      store.fails = () => false
      assert.strictEqual((yield* users.get(1)).name, "new")
    }).pipe(run, silently)
  })

  it.effect("no stale value follows one that a reader waited for", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), schema: User, staleFor: "1 hour", softLookupTimeout: 100 })
    return Effect.gen(function* () {
      yield* users.get(1)
      yield* TestClock.adjust("6 minutes")
      db.names.set(1, "new")
      db.takes = 10
      store.fails = ({ operation }) => operation === "set"
      const reading = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust(10)
      assert.strictEqual((yield* Fiber.join(reading)).name, "new")
      db.takes = "1 minute"
      const again = yield* Effect.forkChild(users.get(1))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(again)).name, "new")
    }).pipe(run, silently)
  })

  for (const [what, tags] of [
    ["no text", [undefined]],
    ["numbers", [1]],
    ["no array", new Set(["a"])],
    ["a text", "tag"]
  ] as const) {
    it.effect(`a value whose tags are ${what} is returned and not stored, and the others of its batch are`, () => {
      const { db, run } = setup()
      const logged: Array<unknown> = []
      const users = Cached.make({
        ...usual(db),
        // As a program in JavaScript may do it.
        tags: ({ id }) => (id === 1 ? (tags as unknown as ReadonlyArray<string>) : [`user ${id}`])
      })
      return Effect.gen(function* () {
        assert.strictEqual((yield* users.getMany([1, 2])).size, 2)
        yield* users.getMany([1, 2])
        assert.deepStrictEqual(db.lookups, [1, 2, 1])
        yield* users.set(1, db.user(1))
        yield* users.get(1)
        assert.deepStrictEqual(db.lookups, [1, 2, 1, 1])
        assert.deepStrictEqual(logged, ["A value is not kept: its ttl or its tags are invalid, or threw"])
      }).pipe(run, Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(...[message].flat()))])))
    })
  }
})
