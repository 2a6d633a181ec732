/**
 * Runs long operations while nothing that a runtime has for later does anything, as under jest's older fake timers, and
 * prints how many keys they met. A process of its own: whatever else runs in one is lost meanwhile.
 */
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"

const entries = Array.from({ length: 20_000 }, (_, index) => [`key-${index}`, "value"] as const)
const keys = entries.map(([key]) => key)

const program = Effect.gen(function* () {
  const cache = yield* CachePort
  yield* cache.setMany(entries)
  return [
    (yield* cache.getMany(keys)).size,
    (yield* Stream.runCollect(cache.scan("*"))).length,
    yield* cache.deletePattern("*9"),
    yield* cache.deleteMany(keys)
  ]
})

const { nextTick } = process
const own = { setTimeout, setInterval, setImmediate, queueMicrotask }
const nothing = () => 0
Object.assign(globalThis, { setTimeout: nothing, setInterval: nothing, setImmediate: nothing, queueMicrotask: nothing })
process.nextTick = nothing
const met = await Effect.runPromise(Effect.provide(program, CacheMemory.layer()))
Object.assign(globalThis, own)
process.nextTick = nextTick
console.log(met.join(" "))
process.exit()
