import { nearRedis } from "../entrants.ts"
import { each } from "../measure.ts"
import { keysOf, reads, store, valueOf } from "../values.ts"
import type { Work } from "../Work.ts"

/** Reads of keys that the process has read before and keeps. */
export const near: Work = {
  name: "near",
  title: "near cache, a hit",
  variants: [64, 512].map((inFlight) => ({ inFlight, size: 100 })),
  needs: ["get", "set"],
  entrants: nearRedis,
  baseline: "node-redis",
  maxEntries: 10_000,
  start: async (contestant, { size = 100 }, place) => {
    const keys = keysOf(place)
    const values = keys.map((key) => valueOf(key, size))
    await store(contestant, keys, values)
    const task = reads(contestant, keys, values)
    // A process that was stopped may have to ask for everything anew, as after any silence.
    return { ...task, before: () => each(contestant, keys.length, task) }
  }
}
