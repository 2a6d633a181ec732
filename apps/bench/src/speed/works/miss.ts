import { onRedis } from "../entrants.ts"
import { keysOf, needed } from "../values.ts"
import type { Work } from "../Work.ts"

export const miss: Work = {
  name: "miss",
  title: "get, a miss",
  variants: [1, 64, 512].map((inFlight) => ({ inFlight })),
  needs: ["get"],
  entrants: onRedis,
  baseline: "node-redis",
  start: async (contestant, _, place) => {
    const keys = keysOf(place)
    const { ask, read } = needed(contestant, "get")
    return {
      ask: (turn) => ask(keys[turn % keys.length] as string),
      check: (turn, answer) => {
        if ((read(answer) ?? undefined) !== undefined) throw new Error(`${keys[turn % keys.length]} is not stored`)
      }
    }
  }
}
