/**
 * Memory against Redis, every answer compared. A longer run, or a repeated one:
 * `MODEL_SEQUENCES=10000 MODEL_SEED=1 pnpm test:model`.
 */
import { it } from "@effect/vitest"
import { CacheContract } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Context, Effect, Layer, Schedule } from "effect"
import { assert, inject } from "vitest"

const sequences = Number(process.env.MODEL_SEQUENCES ?? 2_000)
const seed = process.env.MODEL_SEED === undefined ? undefined : Number(process.env.MODEL_SEED)

const redis = CacheRedis.layer({
  url: inject("redisUrl"),
  namespace: `model-${process.pid}`,
  commandTimeout: "5 seconds"
})

it.live(
  `CacheMemory answers as Redis does, over ${sequences} random sequences of operations`,
  () =>
    Effect.scoped(
      Effect.gen(function* () {
        const first = Context.get(yield* Layer.build(CacheMemory.layer()), CachePort)
        const second = Context.get(yield* Layer.build(redis), CachePort)
        yield* Effect.retry(second.ping, { times: 200, schedule: Schedule.spaced(20) })
        const report = yield* CacheContract.Model.check(first, second, { sequences, maxLength: 80, seed })
        yield* Effect.log(
          `seed ${report.seed}: ${report.sequences} sequences, ${report.operations} operations compared`
        )
        assert.isUndefined(report.difference, `seed ${report.seed}: ${JSON.stringify(report.difference, null, 2)}`)
        assert.strictEqual(report.sequences, sequences)
        yield* second.flush
      })
    ),
  { timeout: 1_800_000 }
)
