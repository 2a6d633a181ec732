import { assert, it } from "@effect/vitest"
import { createRedisClient } from "../../src/connection/Client.ts"

it("a client has no method for each of Redis's commands, which would block the event loop while it is made", () => {
  const client = createRedisClient({}, new AbortController().signal)
  assert.isFunction(client.sendCommand)
  assert.notProperty(client, "get")
})
