import { NodeRedis } from "@effect/platform-node"
import { ManagedRuntime } from "effect"
import { Redis } from "effect/persistence"
import { type Document, type Open, operation, reading } from "../Contestant.ts"
import { effectLoops } from "../effectLoops.ts"

/** Effect's own Redis service, on node-redis. */
export const open: Open = async ({ url }) => {
  const runtime = ManagedRuntime.make(NodeRedis.layer({ url }))
  const redis = await runtime.runPromise(Redis.Redis)
  return {
    operations: {
      get: operation((key: string) => redis.send<string | null>("GET", key)),
      set: operation((key: string, value: string, ttl: number) => redis.send("SET", key, value, "PX", `${ttl}`)),
      getJson: reading(
        (key: string) => redis.send<string | null>("GET", key),
        (text) => (text === null ? undefined : (JSON.parse(text) as Document))
      ),
      setJson: operation((key: string, value: Document, ttl: number) =>
        redis.send("SET", key, JSON.stringify(value), "PX", `${ttl}`)
      ),
      increment: operation((key: string) => redis.send<number>("INCR", key)),
      getMany: reading(
        (keys: Array<string>) => redis.send<ReadonlyArray<string | null>>("MGET", ...keys),
        (values) => (_, place) => values[place]
      )
    },
    loops: effectLoops((loops) => runtime.runPromise(loops)),
    close: () => runtime.dispose()
  }
}
