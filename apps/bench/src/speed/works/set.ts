import { onRedis } from "../entrants.ts"
import { keysOf, store, valueOf, writes } from "../values.ts"
import type { Work } from "../Work.ts"

export const set: Work = {
  name: "set",
  title: "set with a time to live",
  variants: [100, 10_000].flatMap((size) => [1, 64, 512].map((inFlight) => ({ inFlight, size }))),
  needs: ["set", "get"],
  entrants: onRedis,
  baseline: "node-redis",
  start: async (contestant, { size = 100 }, place) => {
    const keys = keysOf(place)
    const values = keys.map((key) => valueOf(key, size))
    await store(contestant, keys, values)
    return writes(contestant, keys, values)
  }
}
