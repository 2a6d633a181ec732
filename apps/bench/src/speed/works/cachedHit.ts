import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { readThrough } from "../entrants.ts"
import { each } from "../measure.ts"
import { lookups, personOf } from "../people.ts"
import { shuffled } from "../shuffled.ts"
import { expectSame, keysOf, needed } from "../values.ts"
import type { Task, Work } from "../Work.ts"

const entries = 10_000

/** A typed read-through in memory, each of whose reads finds what was looked up once. */
export const cachedHit: Work = {
  name: "cachedHit",
  title: "in memory: read-through of a small object, a hit",
  variants: [{ inFlight: 1 }],
  needs: ["getOrLookUp"],
  entrants: readThrough,
  baseline: "Effect Cache",
  // More than there are, since some caches keep a few entries of their own.
  maxEntries: 2 * entries,
  start: async (contestant, _, place) => {
    const keys = shuffled(keysOf(place, entries), randomFrom(1))
    const people = keys.map(personOf)
    const { ask, read } = needed(contestant, "getOrLookUp")
    const task: Task = {
      ask: (turn) => ask(keys[turn % entries] as string),
      check: (turn, answer) => {
        const at = turn % entries
        const person = read(answer)
        expectSame(keys[at] as string, person?.id, people[at]?.id)
        expectSame(keys[at] as string, person?.email, people[at]?.email)
      },
      after: async () => expectSame("the number of lookups", lookups(), entries)
    }
    await each(contestant, entries, task)
    return task
  }
}
