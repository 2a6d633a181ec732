/**
 * Wrong caches on a store of one lock, which somebody else holds.
 */
import { Effect } from "effect"
import { fakeDeadline } from "./FakeStore.ts"
import { type WrongCache, wrongLockable } from "./WrongCache.ts"

export const locks: ReadonlyArray<WrongCache> = [
  wrongLockable(
    "locked: every write ends by its deadline, and every read goes on",
    "a write waits for ever for the lock",
    (right, server) => ({
      execute: (request, operation) =>
        operation !== "get" && server.state === "silent" ? Effect.never : right.execute(request, operation)
    })
  ),
  wrongLockable(
    "locked: every write ends by its deadline, and every read goes on",
    "a read waits for the lock",
    (right, server) => ({
      execute: (request, operation) =>
        operation === "get" && server.state === "silent"
          ? right.execute(request, "set")
          : right.execute(request, operation)
    })
  ),
  wrongLockable(
    "locked: every write ends by its deadline, and every read goes on",
    "a write succeeds without the lock",
    (right, server) => ({
      execute: (request, operation) =>
        operation === "expire" && server.state === "silent" ? request : right.execute(request, operation)
    })
  ),
  wrongLockable(
    "locked: a write that has failed is not carried out over a newer one",
    "a set that has failed is carried out once the lock is free",
    (right, server) => ({
      execute: (request, operation) =>
        operation === "set"
          ? Effect.tapError(right.execute(request, operation), () =>
              Effect.forkDetach(
                Effect.gen(function* () {
                  while (server.state !== "up") yield* Effect.sleep(5)
                  yield* Effect.delay(Effect.ignore(request), 2 * fakeDeadline)
                })
              )
            )
          : right.execute(request, operation)
    })
  ),
  wrongLockable(
    "locked: closing the scope takes at most 500 ms, and what is in flight ends",
    "closing waits for the lock",
    (right, server) => ({
      close: Effect.andThen(Effect.repeat(Effect.sleep(10), { while: () => server.state !== "up" }), right.close)
    })
  )
]
