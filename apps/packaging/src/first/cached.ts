/** A script that reads through `Cached` twice, and looks up once. */
import { Cached } from "@hexcache/cached"
import { Effect, Schema } from "effect"
import { layer } from "./layer.ts"

let lookups = 0
const users = Cached.make({
  namespace: "user",
  schema: Schema.Struct({ name: Schema.String }),
  lookup: (_: string) =>
    Effect.sync(() => {
      lookups++
      return { name: "Ada" }
    }),
  ttl: "5 minutes"
})

await Effect.runPromise(Effect.provide(users.get("42"), layer, { local: true }))
await Effect.runPromise(Effect.provide(users.get("42"), layer, { local: true }))
if (lookups !== 1) throw new Error("the first lookup's value was not kept")
