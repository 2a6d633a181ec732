import { DatabaseSync } from "node:sqlite"
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

/** A file of a law's own, whose lock another connection takes. */
const lockable = Effect.gen(function* () {
  const path = yield* ownPath
  const deadline = 200
  let locker: DatabaseSync | undefined
  const unlock = Effect.sync(() => {
    locker?.close()
    locker = undefined
  })
  yield* Effect.addFinalizer(() => unlock)
  return {
    layer: CacheSqlite.layer({ path, commandTimeout: deadline }),
    deadline,
    lock: Effect.sync(() => {
      locker = new DatabaseSync(path)
      locker.exec("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE")
    }),
    unlock
  }
})

CacheContract.suite("CacheSqlite", layer, {
  time: "TestClock",
  lockable,
  layerWithNamespace: (namespace) => Layer.suspend(() => CacheSqlite.layer({ path: current, namespace }))
})
