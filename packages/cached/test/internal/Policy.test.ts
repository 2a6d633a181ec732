import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setup, silently, usual } from "../support/Database.ts"

describe("Cached: options at their edges", () => {
  for (const lookupTimeout of [1, 20, 8_640_000_000_000, Number.MAX_SAFE_INTEGER]) {
    for (const takes of [0, 300]) {
      it.effect(
        `a value with a computed ttl is stored with a lookupTimeout of ${lookupTimeout} ms, on a store that takes ${takes} ms`,
        () => {
          const { db, run, store } = setup()
          const users = Cached.make({ ...usual(db), ttl: () => "1 hour", lookupTimeout })
          if (takes > 0) store.before = () => Effect.sleep(takes)
          return Effect.gen(function* () {
            for (let read = 0; read < 3; read++) {
              const reading = yield* Effect.forkChild(users.get(1))
              yield* TestClock.adjust("10 seconds")
              assert.strictEqual((yield* Fiber.join(reading)).id, 1)
            }
            assert.deepStrictEqual(db.lookups, [1])
          }).pipe(run, silently)
        }
      )
    }
  }
})
