import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Exit, Request, RequestResolver } from "effect"
import { DbError, setup, User, usual } from "../support/Database.ts"

describe("Cached: getBatched", () => {
  it.effect("a lookup made of requests is batched by their resolver", () => {
    const { db, run } = setup()
    class GetUser extends Request.TaggedClass("GetUser")<{ readonly id: number }, User, DbError> {}
    const resolver = RequestResolver.make<GetUser>((entries) =>
      Effect.matchCause(db.findMany(entries.map(({ request }) => request.id)), {
        onFailure: (cause) => {
          for (const entry of entries) entry.completeUnsafe(Exit.failCause(cause))
        },
        onSuccess: (found) => {
          for (const entry of entries) entry.completeUnsafe(Exit.succeed(found.get(entry.request.id) as User))
        }
      })
    )
    const users = Cached.make({ ...usual(db), lookup: (id: number) => Effect.request(new GetUser({ id }), resolver) })
    return Effect.gen(function* () {
      yield* users.getMany([1, 2, 3])
      yield* Effect.forEach([4, 5, 6], users.get, { concurrency: "unbounded" })
      assert.deepStrictEqual(db.batches, [
        [1, 2, 3],
        [4, 5, 6]
      ])
    }).pipe(run)
  })

  it.effect("batched gets of the same moment are one getMany", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ namespace: "user", schema: User, lookupMany: db.findMany, ttl: "5 minutes" })
    return Effect.gen(function* () {
      yield* users.get(2)
      store.asked = []
      const found = yield* Effect.forEach([1, 2, 3, 1], users.getBatched, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        found,
        [1, 2, 3, 1].map((id) => db.user(id))
      )
      assert.deepStrictEqual(db.batches, [[2], [1, 3]])
      assert.strictEqual(store.asked.length, 3)
      db.fault = Effect.fail(new DbError({ reason: "down" }))
      assert.deepStrictEqual(yield* Effect.flip(users.getBatched(9)), new DbError({ reason: "down" }))
    }).pipe(run)
  })

  it.effect("a batched get whose key throws fails alone", () => {
    const { db, run } = setup()
    const users = Cached.make({
      ...usual(db),
      key: (id: number) => {
        if (id < 0) throw new Error("no id")
        return id
      }
    })
    return Effect.gen(function* () {
      const exits = yield* Effect.forEach([1, -1, 2], (id) => Effect.exit(users.getBatched(id)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
    }).pipe(run)
  })
})
