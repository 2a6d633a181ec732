import { NodeRedis } from "@effect/platform-node"
import { ManagedRuntime } from "effect"
import { Redis } from "effect/persistence"
import type { ClientModule } from "./Client.ts"

export const open: ClientModule["open"] = async (url) => {
  const runtime = ManagedRuntime.make(NodeRedis.layer({ url }))
  const redis = await runtime.runPromise(Redis.Redis)
  return {
    get: (key) => runtime.runPromise(redis.send<string | null>("GET", key)),
    set: (key, value) => runtime.runPromise(redis.send("SET", key, value)),
    increment: (key) => runtime.runPromise(redis.send("INCR", key))
  }
}
