import { inMemory, onRedis } from "../entrants.ts"
import { expectSame, keysOf, needed } from "../values.ts"
import type { Work } from "../Work.ts"

/** Counts round and round; every answer must be one more than that of the round before. */
const counting =
  (keyCount: number): Work["start"] =>
  async (contestant, _, place) => {
    const keys = keysOf(place, keyCount)
    const { ask, read } = needed(contestant, "increment")
    return {
      ask: (turn) => ask(keys[turn % keys.length] as string),
      check: (turn, answer) => {
        expectSame(keys[turn % keys.length] as string, read(answer), Math.floor(turn / keys.length) + 1)
      }
    }
  }

export const increment: Work = {
  name: "increment",
  title: "increment",
  variants: [1, 64, 512].map((inFlight) => ({ inFlight })),
  needs: ["increment"],
  entrants: onRedis,
  baseline: "node-redis",
  start: counting(2_000)
}

export const memoryIncrement: Work = {
  name: "memoryIncrement",
  title: "in memory: increment",
  variants: [{ inFlight: 1 }],
  needs: ["increment"],
  entrants: inMemory,
  baseline: "lru-cache",
  maxEntries: 100_000,
  start: counting(100_000)
}
