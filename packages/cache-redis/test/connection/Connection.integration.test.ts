/** One connection by itself: the results of its callers while it closes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Reply from "../../src/commands/Reply.ts"
import { Connection } from "../../src/connection/Connection.ts"
import { server } from "../support/servers.ts"

describe("a connection that is closed", () => {
  it.live("has told every caller whose answer came in time", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const connection = new Connection({
        endpoint: () => ({ socket: { host: "127.0.0.1", port } }),
        commandTimeout: 5_000,
        connectTimeout: 5_000,
        maxPending: 1_000,
        pingInterval: 30_000,
        backoff: { initial: 25, max: 500 },
        report: () => {}
      })
      connection.start()
      yield* connection.send({ args: ["PING"], decode: Reply.pong })
      let told = 0
      // Enough for half of them to get their results a turn later.
      for (let index = 0; index < 200; index++) {
        connection.submit({ args: ["GET", "key"], decode: Reply.text }, (answer) => {
          if (answer === undefined) told++
        })
      }
      yield* Effect.promise(() => connection.close().then(() => assert.strictEqual(told, 200)))
    })
  )
})
