import { CacheContract } from "@hexcache/cache-contract"
import { Effect, Layer } from "effect"
import { CacheSqlite } from "../src/index.ts"
import { ownPath } from "./support.ts"

// Each law has a file of its own. One law runs at a time, so that the path is that of the law under way.
let current = ""

const layer = Layer.unwrap(
  Effect.map(ownPath, (path) => {
    current = path
    return CacheSqlite.layer({ path, namespace: "shop" })
  })
)

CacheContract.suite("CacheSqlite", layer, {
  time: "TestClock",
  layerWithNamespace: (namespace) => Layer.suspend(() => CacheSqlite.layer({ path: current, namespace }))
})
