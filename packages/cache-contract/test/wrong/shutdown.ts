/**
 * Wrong caches that break a law of closing.
 */
import { Effect } from "effect"
import { type WrongCache, wrongStore } from "./WrongCache.ts"

export const shutdown: ReadonlyArray<WrongCache> = [
  wrongStore("shutdown", "closing waits for a store that is silent", (right, server) => ({
    close: Effect.andThen(Effect.repeat(Effect.sleep(10), { while: () => server.state === "silent" }), right.close)
  })),
  wrongStore("shutdown", "closing waits for a store that is gone", (right, server) => ({
    close: Effect.andThen(Effect.repeat(Effect.sleep(10), { while: () => server.state === "down" }), right.close)
  })),
  wrongStore("shutdown", "closing takes a minute", (right) => ({ close: Effect.delay(right.close, 60_000) })),
  wrongStore("shutdown", "what is in flight is forgotten", (right, server) => {
    let isClosed = false
    return {
      execute: (request) =>
        Effect.flatMap(Effect.exit(right.execute(request)), (exit) =>
          isClosed && server.state !== "up" ? Effect.never : exit
        ),
      close: Effect.andThen(
        Effect.sync(() => {
          isClosed = true
        }),
        right.close
      )
    }
  }),
  wrongStore("shutdown", "a closed cache still answers", () => ({ close: Effect.void })),
  wrongStore("shutdown", "a closed cache never answers", (right) => {
    let isClosed = false
    return {
      execute: (request) => Effect.suspend(() => (isClosed ? Effect.never : right.execute(request))),
      close: Effect.sync(() => {
        isClosed = true
      })
    }
  }),
  wrongStore("shutdown", "closing one cache closes all of its store", (right, server) => ({
    execute: (request) => Effect.suspend(() => (server.isClosed ? Effect.never : right.execute(request))),
    close: Effect.andThen(
      right.close,
      Effect.sync(() => {
        server.isClosed = true
      })
    )
  }))
]
