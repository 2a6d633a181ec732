import { redisEntrants } from "../entrants.ts"
import { expectSame, keysOf, needed, store, valueOf } from "../values.ts"
import type { Work } from "../Work.ts"

export const get: Work = {
  name: "get",
  title: "get, a hit",
  variants: [100, 10_000].flatMap((size) => [1, 64, 512].map((inFlight) => ({ inFlight, size }))),
  needs: ["get", "set"],
  entrants: redisEntrants,
  baseline: "node-redis",
  start: async (contestant, { size }, place) => {
    const keys = keysOf(place)
    const values = keys.map((key) => valueOf(key, size))
    await store(contestant, keys, values)
    const { ask, read } = needed(contestant, "get")
    return {
      ask: (turn) => ask(keys[turn % keys.length] as string),
      check: (turn, answer) => {
        const at = turn % keys.length
        expectSame(keys[at] as string, read(answer), values[at])
      }
    }
  }
}
