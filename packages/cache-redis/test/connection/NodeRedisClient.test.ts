import { assert, it } from "@effect/vitest"
import { createNodeRedisClient } from "../../src/connection/NodeRedisClient.ts"

it("a client has no method for each of Redis's commands, which would block the event loop while it is made", () => {
  const client = createNodeRedisClient({}, new AbortController().signal)
  assert.isFunction(client.sendCommand)
  assert.notProperty(client, "get")
})
