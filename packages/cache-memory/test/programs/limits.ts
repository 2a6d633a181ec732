/**
 * Measures a memory cache at sizes that are too large for a test: `pnpm limits [keys]`.
 *
 * Sets so many different keys (20 million unless given) through `maxEntries` of half as many, and into a cache without
 * bounds; scans a million keys, and deletes them, by a costly pattern too, with the longest turn of the event loop; and
 * cuts values from large texts, with the heap that they keep.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"

const keys = Number(process.argv[2] ?? 20_000_000)

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

const heap = (): string => {
  collectGarbage()
  return `${Math.round(process.memoryUsage().heapUsed / 1_000_000)} MB of heap`
}

/** The time that this thread has computed, in milliseconds: others on the machine do not count. */
const busyMillis = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}

/** Runs work on a cache of its own, and prints how long it took, and the longest turn of the event loop meanwhile, in time of the thread. */
const report = <E>(
  name: string,
  options: CacheMemory.CacheMemoryOptions,
  prepare: (cache: CachePort["Service"]) => Effect.Effect<unknown, E>,
  work: (cache: CachePort["Service"]) => Effect.Effect<unknown, E>
) =>
  Effect.gen(function* () {
    const cache = yield* CachePort
    yield* prepare(cache)
    yield* Effect.sync(collectGarbage)
    let longest = 0
    let isOver = false
    const began = performance.now()
    let last = busyMillis()
    const look = () => {
      const now = busyMillis()
      longest = Math.max(longest, now - last)
      last = now
      if (!isOver) setImmediate(look)
    }
    look()
    const seen = yield* work(cache)
    look()
    isOver = true
    const took = Math.round(performance.now() - began)
    console.log(`${name}: ${String(seen)}, ${took} ms, longest turn ${longest.toFixed(1)} ms, ${heap()}`)
  }).pipe(Effect.provide(CacheMemory.layer(options)))

const value = "value"
const batch = 1_000

const fill = (many: number) => (cache: CachePort["Service"]) =>
  Effect.gen(function* () {
    for (let from = 0; from < many; from += batch) {
      yield* cache.setMany(
        Array.from({ length: Math.min(batch, many - from) }, (_, each) => [`key-${from + each}`, value])
      )
      if (from % 10_000 === 0) yield* Effect.sleep(0)
    }
    return `${many} keys set`
  })

const nothing = () => Effect.void

const cut = (cache: CachePort["Service"]) =>
  Effect.gen(function* () {
    for (let each = 0; each < 300; each++) {
      const large = `${each}`.padStart(10, "-").repeat(100_000)
      yield* cache.set(`key-${each}`, large.slice(10, 110))
    }
    return "300 values of 100 bytes, cut from texts of a megabyte"
  })

const main = Effect.gen(function* () {
  yield* report("maxBytes of 100,000", { maxBytes: 100_000 }, nothing, cut)
  yield* report("scan of a million keys", {}, fill(1_000_000), (cache) => Stream.runCount(cache.scan("*")))
  yield* report("scan of a million keys for one in ten", {}, fill(1_000_000), (cache) =>
    Effect.map(Stream.runCollect(cache.scan("key-*7")), (found) => found.length)
  )
  yield* report("deletePattern that is costly", {}, fill(1_000_000), (cache) =>
    cache.deletePattern(`*${"[k-y]".repeat(200)}*`)
  )
  yield* report("deletePattern of a million keys", {}, fill(1_000_000), (cache) => cache.deletePattern("key-*"))
  yield* report(`maxEntries of ${keys / 2}`, { maxEntries: keys / 2 }, nothing, fill(keys))
  yield* report("without bounds", {}, nothing, fill(keys))
})

await Effect.runPromise(main)
