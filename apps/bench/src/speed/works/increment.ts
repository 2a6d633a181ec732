import { redisEntrants } from "../entrants.ts"
import { expectSame, keysOf, needed } from "../values.ts"
import type { Work } from "../Work.ts"

export const increment: Work = {
  name: "increment",
  title: "increment",
  variants: [1, 64, 512].map((inFlight) => ({ inFlight, size: 100 })),
  needs: ["increment"],
  entrants: redisEntrants,
  baseline: "node-redis",
  start: async (contestant, _, place) => {
    const keys = keysOf(place)
    const { ask, read } = needed(contestant, "increment")
    return {
      ask: (turn) => ask(keys[turn % keys.length] as string),
      check: (turn, answer) => {
        const key = keys[turn % keys.length] as string
        expectSame(key, read(answer), Math.floor(turn / keys.length) + 1)
      }
    }
  }
}
