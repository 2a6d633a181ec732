import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import type { Contestant, Place } from "../Contestant.ts"
import { growth, inMemory } from "../entrants.ts"
import { each } from "../measure.ts"
import { shuffled } from "../shuffled.ts"
import { expectSame, keysOf, needed, reads, store, ttl, valueOf, writes } from "../values.ts"
import type { Task, Work } from "../Work.ts"

const entries = 100_000
const shared = { variants: [{ inFlight: 1 }], entrants: inMemory, baseline: "lru-cache", maxEntries: entries } as const

export const memoryGet: Work = {
  ...shared,
  name: "memoryGet",
  title: "in memory: get, a hit",
  needs: ["get", "set"],
  start: async (contestant, _, place) => {
    const { keys, values } = await storeInOrder(contestant, place)
    return reads(contestant, keys, values)
  }
}

export const memorySet: Work = {
  ...shared,
  name: "memorySet",
  title: "in memory: set of a key that is held, with a time to live",
  needs: ["get", "set"],
  start: async (contestant, _, place) => {
    const { keys, values } = await storeInOrder(contestant, place)
    return writes(contestant, keys, values)
  }
}

export const memoryEviction: Work = {
  ...shared,
  name: "memoryEviction",
  title: "in memory: set that evicts, with a time to live",
  needs: ["getBounded", "setBounded"],
  start: async (contestant, _, place) => settingOneAfterAnother(contestant, keysOf(place, 4 * entries))
}

export const memoryGrowth: Work = {
  name: "memoryGrowth",
  title: "growth: in memory, set until the cache is full",
  unit: "keys",
  variants: [{ inFlight: 1 }],
  needs: ["getBounded", "setBounded", "deletePrefix"],
  entrants: growth.inMemory,
  baseline: growth.baseline,
  start: async (contestant, _, place) => {
    const { keys = 0, prefix } = place
    const { ask } = needed(contestant, "deletePrefix")
    return {
      ...settingOneAfterAnother(contestant, keysOf(place, 1_000_000)),
      turns: keys,
      repeats: 1_000_000 / keys,
      before: () => each(contestant, 1, { ask: () => ask(prefix), check: () => {} })
    }
  }
}

/** Stores all entries. Returns them in another order, which follows nothing and is the same in every process. */
const storeInOrder = async (contestant: Contestant, place: Place) => {
  const keys = keysOf(place, entries)
  const values = keys.map((key) => valueOf(key, 100))
  await store(contestant, keys, values)
  const order = shuffled([...keys.keys()], randomFrom(1))
  return { keys: order.map((at) => keys[at] as string), values: order.map((at) => values[at] as string) }
}

/** More keys than the cache holds, and the last of them must be held. */
const settingOneAfterAnother = (contestant: Contestant, keys: ReadonlyArray<string>): Task => {
  const set = needed(contestant, "setBounded")
  const get = needed(contestant, "getBounded")
  let last = ""
  return {
    ask: (turn) => {
      last = keys[turn % keys.length] as string
      return set.ask(last, "value", ttl)
    },
    check: () => {},
    after: () =>
      each(contestant, 1, {
        ask: () => get.ask(last),
        check: (_, answer) => expectSame(last, get.read(answer), "value")
      })
  }
}
