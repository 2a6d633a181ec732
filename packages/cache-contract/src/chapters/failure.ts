import { type CacheError, CachePort } from "@hexcache/cache-port"
import { Clock, Effect, Exit, Fiber, Option } from "effect"
import { assert } from "vitest"
import {
  allFailAtOnce,
  build,
  buildReady,
  cutOff,
  failedWith,
  faultLaw,
  faults,
  frozen,
  persist,
  timed,
  untilSuccess,
  untilUnavailable
} from "../FaultLaw.ts"
import type { Store } from "../Harness.ts"
import type { Chapter } from "../Law.ts"
import { everyOperation, operationsOf } from "../Operations.ts"
import { afterwards, locks, writeLaw } from "./failureOutcomes.ts"
import { historiesUnderFaults } from "./histories.ts"

type Cache = CachePort["Service"]

/** Runs every operation at the same time, in one way, and expects failures of an absent store by the deadline. */
const allFail = (
  cache: Cache,
  { deadline }: Store,
  reasons: ReadonlyArray<string>,
  way: (operation: Effect.Effect<unknown, CacheError>) => Effect.Effect<unknown, CacheError> = (operation) => operation
) =>
  Effect.forEach(
    everyOperation(cache),
    ([name, operation]) =>
      Effect.map(timed(name, way(operation), deadline), ({ exit }) => {
        return failedWith(name, exit, reasons)
      }),
    { concurrency: "unbounded" }
  )

const silentReasons = ["TimedOut", "ConnectionLost", "Unavailable"]

/**
 * Runs every operation at the same time as soon as the layer is built, on a store that `begin` changed before and that
 * `end` changes meanwhile. Expects that all succeed, and tries again on a new layer where one fails late: the machine may
 * have been too busy to connect in time.
 */
const firstSucceed = Effect.fnUntraced(function* (
  store: Store,
  { begin, end }: { readonly begin: Effect.Effect<void>; readonly end: Effect.Effect<void> }
) {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const isLate = yield* Effect.scoped(
      Effect.gen(function* () {
        yield* begin
        const begun = yield* Clock.currentTimeMillis
        const cache = yield* build(store)
        const running = yield* Effect.forEach(operationsOf(cache), ([name, run]) =>
          // Each in a namespace of its own: one may remove or change the key that another reads.
          Effect.forkChild(timed(name, run(CachePort.namespaced(cache, name)), store.deadline), {
            startImmediately: true
          })
        )
        yield* end
        const ended = yield* Effect.forEach(running, Fiber.join)
        const failed = ended.filter(({ exit }) => Exit.isFailure(exit))
        for (const { end, exit } of failed) if (end - begun < store.deadline / 2) yield* exit
        return failed.length > 0
      })
    )
    if (!isLate) return
  }
  assert.fail("the first operations succeed within their deadline in none of 10 attempts")
})

export const failure: Chapter = {
  name: "failure",
  laws: [
    faultLaw(
      "without a store the layer builds, the first operations fail with Unavailable by their deadline, later ones at once",
      function* (store) {
        yield* store.kill
        const { exit } = yield* timed("the layer", build(store), 100)
        const cache = yield* exit
        for (const { outcome, isRetryable } of yield* allFail(cache, store, ["Unavailable"])) {
          assert.strictEqual(outcome, "NotExecuted")
          assert.isTrue(isRetryable)
        }
        yield* allFailAtOnce(cache, store)
      }
    ),

    faultLaw("the first operation of a layer whose store is up succeeds", function* (store) {
      yield* firstSucceed(store, { begin: Effect.void, end: Effect.void })
    }),

    faultLaw("the first operation waits, within its deadline, for a connection that is being made", function* (store) {
      yield* firstSucceed(store, { begin: store.freeze, end: store.thaw })
    }),

    ...[frozen, cutOff].flatMap((fault) => [
      faultLaw(`${fault.name}: every operation ends by its deadline`, function* (store) {
        const cache = yield* buildReady(store)
        yield* fault.begin(store)
        yield* allFail(cache, store, silentReasons)
        yield* allFail(cache, store, silentReasons)
      }),

      faultLaw(`${fault.name}: the deadline holds where interruption is off, and in a finalizer`, function* (store) {
        const cache = yield* buildReady(store)
        yield* fault.begin(store)
        const inFinalizer = (operation: Effect.Effect<unknown, CacheError>) =>
          Effect.onInterrupt(Effect.interrupt, () => Effect.ignore(operation))
        yield* Effect.all(
          [
            allFail(cache, store, silentReasons, Effect.uninterruptible),
            ...everyOperation(cache).map(([name, operation]) => timed(name, inFinalizer(operation), store.deadline))
          ],
          { concurrency: "unbounded" }
        )
      })
    ]),

    faultLaw("killed: what was in flight fails by its deadline, what comes after at once", function* (store) {
      const cache = yield* buildReady(store)
      yield* store.freeze
      const inFlight = yield* Effect.forkChild(timed("increment", cache.increment("count"), store.deadline), {
        startImmediately: true
      })
      yield* Effect.sleep(store.deadline / 3)
      yield* store.kill
      const { exit } = yield* Fiber.join(inFlight)
      const lost = failedWith("an increment in flight", exit, ["TimedOut", "ConnectionLost"])
      assert.strictEqual(lost.outcome, "Unknown")
      assert.isFalse(lost.isRetryable)
      yield* untilUnavailable(cache, store)
      yield* allFailAtOnce(cache, store)
    }),

    faultLaw("a store that comes up after the layer: the first success comes within a second", function* (store) {
      yield* store.kill
      const cache = yield* build(store)
      yield* Effect.sleep(1_000)
      yield* store.restart
      const { exit } = yield* timed("the first success", untilSuccess(cache, store), 1_000)
      yield* exit
    }),

    ...faults.flatMap((fault) => [
      faultLaw(
        `${fault.name}: the first success comes within ${fault.recovery === 1_000 ? "a second" : `${fault.recovery} ms`} of its end`,
        function* (store) {
          const cache = yield* buildReady(store)
          yield* fault.begin(store)
          const begun = yield* Clock.currentTimeMillis
          while ((yield* Clock.currentTimeMillis) < begun + 600) {
            yield* timed("get", cache.get("key"), store.deadline)
            yield* Effect.sleep(20)
          }
          yield* fault.end(store)
          const { exit } = yield* timed("the first success", untilSuccess(cache, store), fault.recovery)
          yield* exit
        }
      ),

      writeLaw(fault),

      faultLaw(`${fault.name}: no answer reaches another caller`, function* (store) {
        const cache = yield* buildReady(store)
        const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
        yield* persist(cache.setMany(keys.map((key) => [key, `value of ${key}`])))
        let isOver = false
        const reader = (key: string) =>
          Effect.gen(function* () {
            while (!isOver) {
              const exit = yield* Effect.exit(cache.get(key))
              if (Exit.isSuccess(exit) && (fault.keepsData || Option.isSome(exit.value))) {
                assert.deepStrictEqual(exit.value, Option.some(`value of ${key}`))
              }
              yield* Effect.sleep(Exit.isSuccess(exit) ? 1 : 10)
            }
          })
        const readers = yield* Effect.forEach(keys, (key) => Effect.forkChild(reader(key)))
        yield* Effect.sleep(50)
        yield* fault.begin(store)
        yield* Effect.sleep(store.deadline * 2)
        yield* fault.end(store)
        yield* untilSuccess(cache, store)
        yield* Effect.sleep(50)
        isOver = true
        const { exit } = yield* timed("reading", Effect.forEach(readers, Fiber.join), store.deadline * 2)
        yield* exit
      })
    ]),

    ...afterwards,

    ...historiesUnderFaults,

    ...locks,

    faultLaw("nothing that a caller gave up on is carried out later", function* (store) {
      const cache = yield* buildReady(store)
      yield* store.kill
      yield* untilUnavailable(cache, store)
      const keys = Array.from({ length: 200 }, (_, index) => `given-up-${index}`)
      const writing = yield* Effect.forEach(keys, (key) => Effect.forkChild(cache.set(key, "value")))
      yield* Effect.yieldNow
      yield* Effect.forEach(
        writing.filter((_, index) => index % 2 === 0),
        Fiber.interrupt
      )
      yield* timed("writing", Effect.forEach(writing, Fiber.await), store.deadline)
      yield* store.restart
      yield* untilSuccess(cache, store)
      yield* Effect.sleep(300)
      const found = yield* persist(cache.getMany(keys))
      assert.deepStrictEqual(Array.from(found.values()).filter(Option.isSome), [])
    })
  ]
}
