import * as vitest from "@effect/vitest"
import * as codec from "@hexcache/cache-codec"
import * as contract from "@hexcache/cache-contract"
import * as effectModules from "@hexcache/cache-effect"
import * as keyv from "@hexcache/cache-keyv"
import * as layers from "@hexcache/cache-layers"
import * as memory from "@hexcache/cache-memory"
import * as port from "@hexcache/cache-port"
import * as promise from "@hexcache/cache-promise"
import * as redis from "@hexcache/cache-redis"
import * as sqlite from "@hexcache/cache-sqlite"
import * as cached from "@hexcache/cached"
import * as effect from "effect"
import * as testing from "effect/testing"

const modules: ReadonlyArray<readonly [specifier: string, module: object]> = [
  ["effect", effect],
  ["effect/testing", testing],
  ["@effect/vitest", { assert: vitest.assert, describe: vitest.describe, it: vitest.it }],
  ["@hexcache/cache-promise", promise],
  ["@hexcache/cache-port", port],
  ["@hexcache/cached", cached],
  ["@hexcache/cache-layers", layers],
  ["@hexcache/cache-memory", memory],
  ["@hexcache/cache-redis", redis],
  ["@hexcache/cache-sqlite", sqlite],
  ["@hexcache/cache-effect", effectModules],
  ["@hexcache/cache-keyv", keyv],
  ["@hexcache/cache-codec", codec],
  ["@hexcache/cache-contract", contract]
]

/**
 * The names that a fragment may use without an import: those of Effect that JavaScript does not have, and of the
 * packages.
 */
export const vocabulary: ReadonlyMap<string, string> = new Map(
  modules.flatMap(([specifier, module]) =>
    Object.keys(module)
      .filter((name) => !(name in globalThis))
      .map((name) => [name, `import { ${name} } from "${specifier}"`] as const)
  )
)
