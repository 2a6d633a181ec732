import { onRedis } from "../entrants.ts"
import { keysOf, reads, store, valueOf } from "../values.ts"
import type { Work } from "../Work.ts"

export const get: Work = {
  name: "get",
  title: "get, a hit",
  variants: [100, 10_000].flatMap((size) => [1, 64, 512].map((inFlight) => ({ inFlight, size }))),
  needs: ["get", "set"],
  entrants: onRedis,
  baseline: "node-redis",
  start: async (contestant, { size = 100 }, place) => {
    const keys = keysOf(place)
    const values = keys.map((key) => valueOf(key, size))
    await store(contestant, keys, values)
    return reads(contestant, keys, values)
  }
}
