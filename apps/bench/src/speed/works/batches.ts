import type { Contestant } from "../Contestant.ts"
import { growth, onRedis } from "../entrants.ts"
import { expectSame, keysOf, needed, store, ttl, valueOf, verified, verify } from "../values.ts"
import type { Task, Work } from "../Work.ts"

const shared = { entrants: onRedis, baseline: "node-redis" } as const

export const getMany: Work = {
  ...shared,
  name: "getMany",
  title: "getMany of 100",
  variants: [{ inFlight: 16, size: 100 }],
  needs: ["getMany", "set"],
  start: (contestant, { size = 100 }, place) => readingBatches(contestant, keysOf(place, 10_000), 100, size)
}

export const getManyAtOnce: Work = {
  ...shared,
  name: "getManyAtOnce",
  title: "getMany of 10,000",
  variants: [{ inFlight: 1, size: 100 }],
  needs: ["getMany", "set"],
  start: (contestant, { size = 100 }, place) => readingBatches(contestant, keysOf(place, 10_000), 10_000, size)
}

export const getManyGrowth: Work = {
  name: "getManyGrowth",
  title: "growth: getMany of all keys at once",
  unit: "keys",
  variants: [{ inFlight: 1, size: 100 }],
  needs: ["getMany", "set"],
  entrants: growth.onRedis,
  baseline: growth.baseline,
  start: async (contestant, { size = 100 }, place) => {
    const { keys = 0 } = place
    const task = await readingBatches(contestant, keysOf(place, keys), keys, size)
    return { ...task, perTurn: keys, turns: 1_000_000 / keys }
  }
}

export const setMany: Work = {
  ...shared,
  name: "setMany",
  title: "setMany of 100 with a time to live",
  variants: [{ inFlight: 16, size: 100 }],
  needs: ["setMany", "set", "get"],
  start: async (contestant, { size = 100 }, place) => {
    const keys = keysOf(place, 10_000)
    const values = keys.map((key) => valueOf(key, size))
    const batches = slices(
      keys.map((key, at) => [key, values[at] as string] as const),
      100
    )
    await store(contestant, keys, values)
    const { ask } = needed(contestant, "setMany")
    let written = 0
    return {
      ask: (turn) => ask(batches[turn % batches.length] as (typeof batches)[number], ttl),
      check: () => {
        written = Math.min(written + 1, batches.length)
      },
      after: () => verify(contestant, keys.slice(0, Math.min(written * 100, verified)), values)
    }
  }
}

/** Reads all keys, a batch a turn. */
const readingBatches = async (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  count: number,
  size: number
): Promise<Task> => {
  const values = keys.map((key) => valueOf(key, size))
  await store(contestant, keys, values)
  const batches = slices(keys, count)
  const { ask, read } = needed(contestant, "getMany")
  return {
    ask: (turn) => ask(batches[turn % batches.length] as Array<string>),
    check: (turn, answer) => {
      const batch = turn % batches.length
      const valueAt = read(answer)
      for (const [place, key] of (batches[batch] as Array<string>).entries()) {
        expectSame(key, valueAt(key, place), values[batch * count + place])
      }
    }
  }
}

const slices = <A>(items: ReadonlyArray<A>, count: number): ReadonlyArray<Array<A>> =>
  Array.from({ length: items.length / count }, (_, slice) => items.slice(slice * count, (slice + 1) * count))
