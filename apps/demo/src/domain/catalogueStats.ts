/**
 * How well the cache serves the catalogue.
 */
import { CacheStats } from "@hexcache/cache-port"
import { Effect } from "effect"

/**
 * The counts of the catalogue's namespaces by their own names (`city`, for example), whatever cache they are part of.
 */
export const catalogueStats: Effect.Effect<ReadonlyMap<string, CacheStats.NamespaceStats>> = Effect.map(
  CacheStats.all,
  (all) => {
    const stats = new Map<string, CacheStats.NamespaceStats>()
    for (const [namespace, counts] of all) {
      const [name = ""] = namespace.split(":").slice(-1)
      if (names.has(name)) stats.set(name, counts)
    }
    return stats
  }
)

const names = new Set(["city", "country", "visits", "limit"])
