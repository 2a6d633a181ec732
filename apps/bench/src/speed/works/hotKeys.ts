import { onRedis } from "../entrants.ts"
import { keysOf, reads, store, valueOf } from "../values.ts"
import type { Work } from "../Work.ts"

export const hotKeys: Work = {
  name: "hotKeys",
  title: "get of 20 hot keys",
  variants: [{ inFlight: 512, size: 100 }],
  needs: ["get", "set"],
  entrants: onRedis,
  baseline: "node-redis",
  start: async (contestant, { size = 100 }, place) => {
    const keys = keysOf(place, 20)
    const values = keys.map((key) => valueOf(key, size))
    await store(contestant, keys, values)
    return reads(contestant, keys, values)
  }
}
