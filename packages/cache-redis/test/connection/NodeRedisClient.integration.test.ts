/** The client's errors, of which thousands may come in one turn of the event loop. */
import { assert, describe, it } from "@effect/vitest"
import { ErrorReply } from "@redis/client"
import { Effect } from "effect"
import { createNodeRedisClient } from "../../src/connection/NodeRedisClient.ts"
import { server } from "../support/servers.ts"

/** A client without a layer, for as long as the scope is open. */
const connected = Effect.gen(function* () {
  const { port } = yield* server()
  const client = createNodeRedisClient({ socket: { host: "127.0.0.1", port } }, new AbortController().signal)
  client.on("error", () => {})
  yield* Effect.acquireRelease(
    Effect.promise(() => client.connect()),
    () => Effect.sync(() => client.destroy())
  )
  return client
})

describe.concurrent("an error reply", () => {
  it.live("is decoded without a stack, and errors made later have theirs", () =>
    Effect.gen(function* () {
      const client = yield* connected
      const limit = Error.stackTraceLimit
      const reply = yield* Effect.flip(
        Effect.tryPromise({ try: () => client.sendCommand(["UNKNOWN"]), catch: (error) => error })
      )
      assert.instanceOf(reply, ErrorReply)
      assert.notInclude((reply as Error).stack, "\n    at ")
      assert.strictEqual(Error.stackTraceLimit, limit)
      assert.include(new Error("later").stack, "\n    at ")
    })
  )

  it.live("leaves later errors their stacks though a message beside the replies is handled by what throws", () =>
    Effect.gen(function* () {
      const client = yield* connected
      const limit = Error.stackTraceLimit
      client.on("invalidate", () => {
        throw new Error("a handler that throws")
      })
      yield* Effect.promise(() => client.sendCommand(["HELLO", "3"]))
      yield* Effect.promise(() => client.sendCommand(["CLIENT", "TRACKING", "ON"]))
      const thrown = new Promise<Error>((resolve) => client.once("error", resolve))
      yield* Effect.promise(() => client.sendCommand(["GET", "key"]))
      yield* Effect.promise(() => client.sendCommand(["SET", "key", "value"]).catch(() => {}))
      assert.strictEqual((yield* Effect.promise(() => thrown)).message, "a handler that throws")
      assert.strictEqual(Error.stackTraceLimit, limit)
      assert.include(new Error("later").stack, "\n    at ")
    })
  )
})
