import { Effect, Exit, Fiber, Scope } from "effect"
import { assert } from "vitest"
import { allFailAtOnce, build, failedWith, faultLaw, faults, killed, timed, untilSuccess } from "../FaultLaw.ts"
import type { Store } from "../Harness.ts"
import type { Chapter } from "../Law.ts"
import { everyOperation } from "../Operations.ts"

/** How long closing the scope may take, in milliseconds. */
const closing = 500

/** A cache in a scope that the law closes. */
const open = (store: Store) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const close = Scope.close(scope, Exit.void)
    // A cache that breaks a law may never be closed.
    yield* Effect.addFinalizer(() => Effect.forkDetach(close))
    const cache = yield* Scope.provide(build(store), scope)
    return { cache, close }
  })

export const shutdown: Chapter = {
  name: "shutdown",
  laws: [
    faultLaw("closing the scope takes at most 500 ms, with operations in flight, which end", function* (store) {
      const { cache, close } = yield* open(store)
      yield* untilSuccess(cache, store)
      const inFlight = yield* Effect.forEach(everyOperation(cache), ([name, operation]) =>
        Effect.forkChild(timed(name, operation, store.deadline), { startImmediately: true })
      )
      yield* timed("closing", close, closing)
      yield* Effect.forEach(inFlight, Fiber.join)
    }),

    ...faults.flatMap((fault) => [
      faultLaw(`${fault.name}: closing the scope takes at most 500 ms, and what is in flight ends`, function* (store) {
        // On a busy machine all of it may have ended before the scope is closed, and then nothing is shown.
        for (let attempt = 1, isShown = false; !isShown; attempt++) {
          assert.isAtMost(attempt, 10, "attempts to close the scope while operations are in flight")
          const { cache, close } = yield* open(store)
          yield* untilSuccess(cache, store)
          yield* fault.begin(store)
          const inFlight = yield* Effect.forEach(everyOperation(cache), ([name, operation]) =>
            Effect.forkChild(timed(name, operation, closing), { startImmediately: true })
          )
          yield* Effect.yieldNow
          // A store that is gone may leave nothing in flight.
          isShown = fault === killed || inFlight.some((fiber) => fiber.pollUnsafe() === undefined)
          const { exit } = yield* timed("closing", close, closing)
          yield* exit
          for (const { exit } of yield* Effect.forEach(inFlight, Fiber.join)) {
            failedWith("an operation in flight", exit, ["TimedOut", "ConnectionLost", "Unavailable"])
          }
          yield* fault.end(store)
        }
      }),

      faultLaw(`${fault.name}: the scope closes within 500 ms while the first connection is tried`, function* (store) {
        yield* fault.begin(store)
        const { close } = yield* open(store)
        yield* timed("closing", close, closing)
      })
    ]),

    faultLaw("after the scope is closed operations fail at once with Unavailable", function* (store) {
      const { cache, close } = yield* open(store)
      yield* untilSuccess(cache, store)
      yield* timed("closing", close, closing)
      yield* allFailAtOnce(cache, store)
    }),

    faultLaw("a cache that was closed leaves others on the same store in order", function* (store) {
      const { cache } = yield* open(store)
      yield* untilSuccess(cache, store)
      for (let round = 0; round < 10; round++) {
        const other = yield* open(store)
        yield* untilSuccess(other.cache, store)
        yield* Effect.all([cache.set("key", `${round}`), timed("closing", other.close, closing)], { concurrency: 2 })
      }
      yield* untilSuccess(cache, store)
    })
  ]
}
