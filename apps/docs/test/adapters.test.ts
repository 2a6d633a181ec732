/** The table of what each adapter's store lacks is made of what its driver declares. */
import { readFileSync } from "node:fs"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort, type StoreFeature } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { CacheSqlite } from "@hexcache/cache-sqlite"
import { Context, Effect, Layer, Logger } from "effect"
import { assert, test } from "vitest"
import { repository } from "./support/Page.ts"

/** Nobody listens here: a declaration needs no server. */
const url = "redis://127.0.0.1:1"
const namespace = "declarations"

/** The layers, in the order of the columns. */
const adapters: ReadonlyArray<Layer.Layer<CachePort, unknown>> = [
  CacheMemory.layer(),
  CacheSqlite.layer({ path: ":memory:" }),
  CacheRedis.layer({ url, namespace }),
  CacheRedis.layerSentinel({ name: "main", sentinels: [{ host: "127.0.0.1", port: 1 }], namespace }),
  CacheRedis.layerCluster({ rootNodes: [url], namespace })
]

const features: Record<StoreFeature, string> = {
  enumeration: ": `scan`, `deletePattern`, `flush` of a namespace",
  ttl: "",
  expire: "",
  setIfAbsent: "",
  getAndDelete: "",
  compareAndDelete: "",
  getAndExpire: "",
  compareAndExpire: "",
  increment: ": `increment`, `decrement`",
  negativeAmounts: ": counting down",
  atomicBatches: ": `setMany` and `getMany` in one step"
}

test("docs/choosing-an-adapter.md has the declaration of every adapter", async () => {
  const declared = await Effect.runPromise(
    Effect.forEach(adapters, (layer) =>
      Effect.scoped(Effect.map(Layer.build(layer), (context) => CachePort.unsupported(Context.get(context, CachePort))))
    ).pipe(Effect.provide(Logger.layer([])))
  )
  const rows = Object.entries(features).map(([feature, meaning]) => {
    const cells = declared.map((missing) => missing[feature as StoreFeature] ?? "has it")
    return `| \`${feature}\`${meaning} | ${cells.join(" | ")} |`
  })
  const page = readFileSync(`${repository}docs/choosing-an-adapter.md`, "utf8")
  assert.include(page, `${rows.join("\n")}\n`)
})
