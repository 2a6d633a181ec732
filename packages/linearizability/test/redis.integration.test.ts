import { assert, it } from "@effect/vitest"
import { describeHistory, isLinearizable, record, withLateReads } from "@hexcache/cache-contract/histories"
import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { Effect, Fiber } from "effect"
import { clients, cutting } from "../src/clients.ts"

const usual = { callers: 6, keys: 4, operations: 20, now: () => performance.now() }

it.live("two clients of one Redis are answered as one after the other", () =>
  Effect.gen(function* () {
    const { caches } = yield* clients()
    const random = randomFrom(1)
    for (let round = 0; round < 10; round++) {
      const histories = yield* record({ ...usual, caches, random, prefix: `round ${round} ` })
      for (const [key, history] of histories)
        assert.isTrue(isLinearizable(history), `${key}\n${describeHistory(history)}`)
    }
  }).pipe(Effect.scoped)
)

it.live("two clients whose connections are cut are answered as one after the other, if at all", () =>
  Effect.gen(function* () {
    const { caches, proxy } = yield* clients()
    const random = randomFrom(2)
    const cuts = yield* Effect.forkChild(cutting(proxy, random))
    for (let round = 0; round < 10; round++) {
      const histories = yield* record({ ...usual, caches, random, prefix: `round ${round} ` })
      for (const [key, history] of histories)
        assert.isTrue(isLinearizable(history), `${key}\n${describeHistory(history)}`)
    }
    yield* Fiber.interrupt(cuts)
  }).pipe(Effect.scoped)
)

it.live("a read of a near cache is no older than the command timeout", () =>
  Effect.gen(function* () {
    const commandTimeout = 200
    const { caches } = yield* clients({ commandTimeout, nearCache: { maxEntries: 1_000 } })
    const random = randomFrom(3)
    const pause = Effect.suspend(() => Effect.sleep(40 * random()))
    const histories = yield* record({ ...usual, caches, random, operations: 60, pause, prefix: "near " })
    for (const [key, history] of histories)
      assert.isTrue(isLinearizable(withLateReads(history, commandTimeout)), `${key}\n${describeHistory(history)}`)
  }).pipe(Effect.scoped)
)
