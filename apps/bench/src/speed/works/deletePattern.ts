import type { Contestant, Place } from "../Contestant.ts"
import { growth, onRedis } from "../entrants.ts"
import { needed, store } from "../values.ts"
import type { Task, Work } from "../Work.ts"

export const deletePattern: Work = {
  name: "deletePattern",
  title: "deletePattern of 100,000 among 200,000",
  unit: "keys removed",
  variants: [{ inFlight: 1 }],
  needs: ["deletePrefix", "set"],
  entrants: onRedis,
  baseline: "node-redis",
  effort: (usual) => ({ ...usual, roundsAProcess: 1, warmUpMillis: 0 }),
  watches: "ping",
  start: (contestant, _, place) => removal(contestant, place, 200_000)
}

export const deletePatternGrowth: Work = {
  name: "deletePatternGrowth",
  title: "growth: deletePattern of half the keys",
  unit: "keys removed",
  variants: [{ inFlight: 1 }],
  needs: ["deletePrefix", "set"],
  entrants: growth.onRedis,
  baseline: growth.baseline,
  effort: (usual) => ({ ...usual, roundsAProcess: Math.min(2, usual.roundsAProcess), warmUpMillis: 0 }),
  start: async (contestant, _, place) => {
    const { keys = 0 } = place
    return { ...(await removal(contestant, place, keys)), repeats: 1_000_000 / keys }
  }
}

/** Removes half of so many keys, the database being filled anew each time. */
const removal = async (contestant: Contestant, place: Place, keys: number): Promise<Task> => {
  const { askRedis } = await import("@hexcache/redis-testkit")
  const half = keys / 2
  const prefix = `${place.prefix}matching:`
  const sample = `${prefix}sample`
  const { ask } = needed(contestant, "deletePrefix")
  return {
    ask: () => ask(prefix),
    check: () => {},
    turns: 1,
    perTurn: half,
    before: async () => {
      await askRedis(place.url, ["FLUSHALL", "SYNC"], patience)
      await store(contestant, [sample], ["value"])
      await askRedis(place.url, ["EVAL", fill, "0", sample, "sample", `${half}`], patience)
    },
    after: async () => {
      const left = await askRedis(place.url, ["DBSIZE"])
      if (left !== `${half}`) throw new Error(`${left} keys are left instead of ${half}`)
    }
  }
}

/** How long the server may take to fill its database, in milliseconds. */
const patience = 30_000

/**
 * Copies the sample, as the contestant names and writes it, under other names until there are so many, and as many keys
 * of somebody else.
 */
const fill = `
local from = redis.call("KEYS", "*" .. ARGV[1] .. "*")[1]
local first, last = string.find(from, ARGV[2], 1, true)
local head, tail = string.sub(from, 1, first - 1), string.sub(from, last + 1)
for i = 1, ARGV[3] - 1 do redis.call("COPY", from, head .. i .. tail) end
for i = 1, ARGV[3] do redis.call("COPY", from, "other:" .. i) end
return "OK"
`
