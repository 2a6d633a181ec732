/**
 * Memory against Redis, every answer compared. A longer run, or a repeated one:
 * `MODEL_SEQUENCES=10000 MODEL_SEED=1 pnpm test:model`.
 */
import { it } from "@effect/vitest"
import { CacheContract } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Context, Effect, Layer } from "effect"
import { assert, inject } from "vitest"
import { untilSuccess } from "./support/bounds.ts"

const sequences = Number(process.env.MODEL_SEQUENCES ?? 1_000)
const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31)

/** Sequences run side by side, each on caches of its own, since they wait for the server more than they compute. */
const parts = 8

/** In a database that no other test uses: a flush reads all of it. */
const redis = (part: number) =>
  CacheRedis.layer({
    url: inject("redisUrl"),
    database: 3,
    namespace: `model-${process.pid}-${part}`,
    commandTimeout: "20 seconds"
  })

const check = (part: number) =>
  Effect.gen(function* () {
    const first = Context.get(yield* Layer.build(CacheMemory.layer()), CachePort)
    const second = Context.get(yield* Layer.build(redis(part)), CachePort)
    yield* untilSuccess(second.ping)
    const options = { sequences: Math.ceil(sequences / parts), maxLength: 80, seed: seed + part }
    const report = yield* CacheContract.Model.check(first, second, options)
    assert.isUndefined(report.difference, `seed ${seed}: ${JSON.stringify(report.difference, null, 2)}`)
    assert.strictEqual(report.sequences, options.sequences)
    yield* second.flush
    return report.operations
  })

it.live(
  `CacheMemory answers as Redis does, over ${sequences} random sequences of operations`,
  () =>
    Effect.gen(function* () {
      const counts = yield* Effect.forEach(Array.from({ length: parts }).keys(), check, { concurrency: parts })
      const operations = counts.reduce((sum, count) => sum + count, 0)
      yield* Effect.log(`seed ${seed}: ${sequences} sequences, ${operations} operations compared`)
    }),
  { timeout: 1_800_000 }
)
