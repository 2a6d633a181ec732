import type { CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Exit, Fiber, Option } from "effect"

/** Reads so far, and the values among them that are not their keys' own. */
export interface Reads {
  reads: number
  readonly wrong: Array<string>
}

/** Fibers that read keys of their own, with a pause after each read, until `end` runs. */
export const readers = (
  cached: CachePort["Service"],
  count: number,
  { pause }: { readonly pause: number } = { pause: 5 }
): Effect.Effect<{ readonly seen: Reads; readonly end: Effect.Effect<Reads> }, CacheError> =>
  Effect.gen(function* () {
    const keys = Array.from({ length: count }, (_, index) => `key-${index}`)
    yield* cached.setMany(keys.map((key) => [key, `value of ${key}`]))
    const seen: Reads = { reads: 0, wrong: [] }
    let isOver = false
    const check = (key: string, value: string | undefined) => {
      seen.reads++
      if (value !== `value of ${key}`) seen.wrong.push(`${key}: ${value}`)
    }
    const fibers = yield* Effect.forEach(keys, (key, index) =>
      Effect.forkChild(
        Effect.gen(function* () {
          const other = keys[(index + 1) % count] as string
          for (let round = 0; !isOver; round++) {
            const exit = yield* Effect.exit(
              round % 3 === 0
                ? cached.getMany([key, other])
                : Effect.map(cached.get(key), (value) => new Map([[key, value]]))
            )
            if (Exit.isSuccess(exit)) for (const [read, value] of exit.value) check(read, Option.getOrUndefined(value))
            yield* Effect.sleep(Exit.isFailure(exit) ? 10 : pause)
          }
        })
      )
    )
    const end = Effect.suspend(() => {
      isOver = true
      return Effect.as(Effect.forEach(fibers, Fiber.join), seen)
    })
    return { seen, end }
  })
