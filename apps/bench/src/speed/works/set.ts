import { redisEntrants } from "../entrants.ts"
import { keysOf, needed, ttl, valueOf, verify } from "../values.ts"
import type { Work } from "../Work.ts"

export const set: Work = {
  name: "set",
  title: "set with a time to live",
  variants: [100, 10_000].flatMap((size) => [1, 64, 512].map((inFlight) => ({ inFlight, size }))),
  needs: ["set", "get"],
  entrants: redisEntrants,
  baseline: "node-redis",
  start: async (contestant, { size }, place) => {
    const keys = keysOf(place)
    const values = keys.map((key) => valueOf(key, size))
    const { ask } = needed(contestant, "set")
    let written = 0
    return {
      ask: (turn) => ask(keys[turn % keys.length] as string, values[turn % keys.length] as string, ttl),
      check: (turn) => {
        if (turn >= written) written = turn + 1
      },
      afterwards: () => verify(contestant, keys.slice(0, written), values)
    }
  }
}
