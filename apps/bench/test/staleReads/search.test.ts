import { expect, test } from "vitest"
import { type Open, ttl } from "../../src/staleReads/CacheProcess.ts"
import { virtualClock } from "../../src/staleReads/Clock.ts"
import { open as openHexcache } from "../../src/staleReads/hexcache.ts"
import { busy, type ChangeKind, scenarios } from "../../src/staleReads/scenarios.ts"
import { describe, exploreAll, lastsFor, walk } from "../../src/staleReads/search.ts"

/** Keeps whatever a lookup gives, whenever it gives it. */
const openNaive: Open = ({ lookUp, send }) => {
  const set = (key: string, value: string) => send("SET", key, (store) => store.set(key, value, ttl))
  return {
    get: async (key) => {
      const kept = await send("GET", key, (store) => store.get(key))
      if (kept !== undefined) return kept
      const value = await lookUp(key)
      await set(key, value)
      return value
    },
    delete: (key) => send("DEL", key, (store) => store.delete(key)),
    set
  }
}

/** Keeps what a lookup gives only if nothing was deleted or set since it began. */
const openFenced: Open = ({ lookUp, send }) => {
  const fence = (key: string) => `${key} fence`
  return {
    get: async (key) => {
      const [kept, before] = await send("GET", key, (store) => [store.get(key), store.get(fence(key))] as const)
      if (kept !== undefined) return kept
      const value = await lookUp(key)
      await send("SET", key, (store) => {
        if (store.get(fence(key)) === before) store.set(key, value, ttl)
      })
      return value
    },
    delete: (key) =>
      send("DEL", key, (store) => {
        store.increment(fence(key), 1, undefined)
        store.delete(key)
      }),
    set: (key, value) =>
      send("SET", key, (store) => {
        store.increment(fence(key), 1, undefined)
        store.set(key, value, ttl)
      })
  }
}

const subject = (open: Open, kind: ChangeKind = "delete") => ({ open, clock: virtualClock(), kind })

/** Few callers, so that every schedule is run here. */
const small = scenarios.filter(({ processes }) => Object.values(processes).flat().length <= 2)

test("the search finds the shortest schedule after which a naive cache serves an older value", async () => {
  const naive = subject(openNaive)
  const { own, other } = await exploreAll(naive, small)
  expect(own && (await describe(naive, own))).toEqual([
    "A1 begins to read",
    "the store carries out A's GET of a, and answers; A begins a lookup, which finds a@0",
    "A2 changes the source of truth, and deletes the key",
    "the store carries out A's DEL of a, and answers; the change is acknowledged to A2",
    "A's lookup returns a@0",
    "the store carries out A's SET of a, and answers; A1 has read a@0"
  ])
  expect(other?.choices.length).toBe(6)
  expect(own && (await lastsFor(naive, own))).toBe(60)
})

test("schedules at random find a naive cache's stale reads too", async () => {
  expect(await walk(subject(openNaive), busy, 100, 1)).toBeGreaterThan(0)
})

test.each(["delete", "set"] as const)(
  "no schedule makes a fenced cache serve a value older than a %s",
  async (kind) => {
    const { isComplete, other, own, schedules } = await exploreAll(subject(openFenced, kind), small)
    expect([own, other]).toEqual([undefined, undefined])
    expect(isComplete).toBe(true)
    expect(schedules).toBeGreaterThan(200)
  }
)

test("no schedule makes hexcache serve a value older than an invalidation", async () => {
  const { isComplete, other, own } = await exploreAll(subject(openHexcache), small)
  expect([own, other]).toEqual([undefined, undefined])
  expect(isComplete).toBe(true)
})

test("hexcache serves an older value where its entry is deleted by hand, and not invalidated", async () => {
  const openByHand: Open = (surroundings, tags) => ({
    ...openHexcache(surroundings, tags),
    delete: () =>
      surroundings.send("DEL", "the entry", (store) => {
        for (const key of store.keys()) if (store.get(key)?.includes("a@")) store.delete(key)
      })
  })
  const { other, own } = await exploreAll(subject(openByHand), small)
  expect([own?.choices.length, other?.choices.length]).toEqual([8, 8])
})
