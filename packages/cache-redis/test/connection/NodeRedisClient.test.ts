import { assert, it } from "@effect/vitest"
import { RedisClient } from "@redis/client"
import { createNodeRedisClient } from "../../src/connection/NodeRedisClient.ts"

it("a client has no method for each of Redis's commands, which would block the event loop while it is made", () => {
  const client = createNodeRedisClient({}, new AbortController().signal)
  assert.isFunction(client.sendCommand)
  assert.notProperty(client, "get")
})

it("a client of a version without the queue of this one is made all the same", () => {
  const { _getQueue } = RedisClient.prototype
  Reflect.deleteProperty(RedisClient.prototype, "_getQueue")
  try {
    assert.isFunction(createNodeRedisClient({}, new AbortController().signal).sendCommand)
  } finally {
    Object.assign(RedisClient.prototype, { _getQueue })
  }
})
