import { inMemory, onRedis } from "../entrants.ts"
import { expectSame, keysOf, needed } from "../values.ts"
import type { Work } from "../Work.ts"

const shared: Pick<Work, "needs" | "start"> = {
  needs: ["increment"],
  start: async (contestant, _, place) => {
    const keys = keysOf(place)
    const { ask, read } = needed(contestant, "increment")
    return {
      ask: (turn) => ask(keys[turn % keys.length] as string),
      check: (turn, answer) => {
        expectSame(keys[turn % keys.length] as string, read(answer), Math.floor(turn / keys.length) + 1)
      }
    }
  }
}

export const increment: Work = {
  ...shared,
  name: "increment",
  title: "increment",
  variants: [1, 64, 512].map((inFlight) => ({ inFlight })),
  entrants: onRedis,
  baseline: "node-redis"
}

export const memoryIncrement: Work = {
  ...shared,
  name: "memoryIncrement",
  title: "in memory: increment",
  variants: [{ inFlight: 1 }],
  entrants: inMemory,
  baseline: "lru-cache",
  maxEntries: 100_000
}
