import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CachePort } from "@hexcache/cache-port"
import { Context, Effect, Layer, type Scope } from "effect"
import { CacheSqlite } from "../src/index.ts"

/** A path in a folder of its own, which is removed with the scope. */
export const ownPath: Effect.Effect<string, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "cache-sqlite-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  ),
  (folder) => join(folder, "deep/cache.db")
)

/** A cache at a path, open as long as the scope, with patience for a busy machine. */
export const open = (path: string, options: Partial<CacheSqlite.CacheSqliteOptions> = {}) =>
  Effect.map(Layer.build(CacheSqlite.layer({ path, commandTimeout: "20 seconds", ...options })), (context) =>
    Context.get(context, CachePort)
  )
