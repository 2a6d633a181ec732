import type { TestProject } from "vitest/node"
import { type FoundRedis, findRedis, type RedisWay } from "./findRedis.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of the Redis that the whole run shares; it may hold a password. */
    redisUrl: string
  }
}

/**
 * Gives every test of a vitest project a real Redis through `inject("redisUrl")`, as a `globalSetup` file. All projects
 * of a run share one. `REDIS_REQUIRE` (`url`, `docker` or `binary`) names the only way that may bring it. A project that
 * excludes every file named `*.integration.test.ts` gets none.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { testFiles } = await project.globTestFiles()
  if (!testFiles.some((file) => file.endsWith(".integration.test.ts"))) return undefined
  run[runKey] ??= { users: 0, redis: findRedis({ only: requiredWay() }) }
  const shared = run[runKey]
  shared.users += 1
  project.provide("redisUrl", (await shared.redis).url)
  return async () => {
    shared.users -= 1
    if (shared.users > 0) return
    delete run[runKey]
    await (await shared.redis).stop()
  }
}

/** Vitest loads this file anew for each project, so what they share hangs on the process. */
const runKey = Symbol.for("@hexcache/redis-testkit/run")
const run = globalThis as { [runKey]?: { users: number; readonly redis: Promise<FoundRedis> } }

const requiredWay = (): RedisWay | undefined => {
  const way = process.env.REDIS_REQUIRE || undefined
  if (way === undefined || way === "url" || way === "docker" || way === "binary") return way
  throw new Error(`REDIS_REQUIRE is "${way}": it must be url, docker or binary`)
}
