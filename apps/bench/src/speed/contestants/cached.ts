import { CacheMemory } from "@hexcache/cache-memory"
import { Cached } from "@hexcache/cached"
import { Effect, ManagedRuntime, Schema } from "effect"
import { type Open, operation } from "../Contestant.ts"
import { effectLoops } from "../effectLoops.ts"
import { lookUp } from "../people.ts"
import { ttl } from "../values.ts"

const Person = Schema.Struct({
  id: Schema.Int,
  name: Schema.String,
  email: Schema.String,
  roles: Schema.Array(Schema.String)
})

const people = Cached.make({
  namespace: "person",
  schema: Person,
  lookup: (key: string) => Effect.sync(() => lookUp(key)),
  ttl
})

/** `Cached` on the memory driver: an entry is JSON, parsed and checked by its schema at every read. */
export const openInMemory: Open = async ({ maxEntries }) => {
  const runtime = ManagedRuntime.make(CacheMemory.layer({ maxEntries }))
  const { get } = await runtime.runPromise(people)
  return {
    operations: { getOrLookUp: operation(get) },
    loops: effectLoops((loops) => runtime.runPromise(loops)),
    close: () => runtime.dispose()
  }
}
