/** Memory that a cache holds beyond what its bounds count. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect } from "effect"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

/** Megabytes of heap that are held when the work is done, above those held before. */
const heldAfter = <E, R>(work: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    yield* work
    collectGarbage()
    return (process.memoryUsage().heapUsed - before) / 1_000_000
  })

/** Texts of a megabyte each, of which no two are one. */
const largeText = (number: number): string => `${number}`.padStart(10, "-").repeat(100_000)

const numbers = Array.from({ length: 50 }, (_, number) => number)

describe("CacheMemory with maxBytes", () => {
  it.effect("keeps no large text alive that its values were cut from", () =>
    Effect.flatMap(CachePort, (cache) =>
      Effect.gen(function* () {
        const work = Effect.forEach(numbers, (number) =>
          Effect.andThen(
            cache.set(`key-${number}`, largeText(number).slice(10, 110)),
            cache.set("same", largeText(number).slice(20, 120))
          )
        )
        assert.isBelow(yield* heldAfter(work), 15)
        assert.isTrue(yield* cache.exists("key-49"))
      })
    ).pipe(Effect.provide(CacheMemory.layer({ maxBytes: 100_000 })))
  )

  it.effect("keeps no large text alive that its keys were cut from", () =>
    Effect.flatMap(CachePort, (cache) =>
      Effect.gen(function* () {
        const work = Effect.forEach(numbers, (number) => cache.set(largeText(number).slice(10, 110), "value"))
        assert.isBelow(yield* heldAfter(work), 15)
        assert.isTrue(yield* cache.exists(largeText(49).slice(10, 110)))
      })
    ).pipe(Effect.provide(CacheMemory.layer({ maxBytes: 100_000 })))
  )
})
