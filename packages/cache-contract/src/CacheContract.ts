/**
 * The contract tests of the port: one test for every law, the law's words as its name.
 *
 * @module
 */

import { describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Exit, type Layer, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { batches } from "./chapters/batches.ts"
import { concurrency } from "./chapters/concurrency.ts"
import { conditionalWrites } from "./chapters/conditionalWrites.ts"
import { counters } from "./chapters/counters.ts"
import { failure } from "./chapters/failure.ts"
import { interruption } from "./chapters/interruption.ts"
import { isolation } from "./chapters/isolation.ts"
import { keys } from "./chapters/keys.ts"
import { patterns } from "./chapters/patterns.ts"
import { shutdown } from "./chapters/shutdown.ts"
import { timeToLive } from "./chapters/timeToLive.ts"
import { values } from "./chapters/values.ts"
import { type Harness, makeWorld } from "./Harness.ts"
import type { Chapter, Law } from "./Law.ts"

export type { Harness, Store } from "./Harness.ts"
export type { Chapter, Law } from "./Law.ts"
export * as Model from "./Model.ts"

/** Every chapter, in the order in which a reader learns the port. */
export const chapters: ReadonlyArray<Chapter> = [
  values,
  keys,
  timeToLive,
  counters,
  batches,
  patterns,
  conditionalWrites,
  isolation,
  concurrency,
  interruption,
  failure,
  shutdown
]

/**
 * Registers the contract's tests for an adapter with vitest. Each test builds the layer anew and has a namespace of its
 * own, so the store need not be empty, and nothing outside these namespaces is touched.
 *
 * @example
 * ```ts
 * CacheContract.suite("memory", CacheMemory.layer(), { time: "TestClock" })
 * ```
 */
export const suite = (name: string, layer: Layer.Layer<CachePort, unknown>, harness: Harness): void => {
  const test = harness.time === "TestClock" ? it.effect : it.live
  describe(name, () => {
    for (const { laws, name, takesTime } of chapters) {
      const applying = laws.filter((law) => law.applies(harness))
      if (applying.length === 0) continue
      // Where time is real, the tests that wait for it wait side by side.
      describe(name, { concurrent: harness.time === "real" && takesTime !== true, timeout: 30_000 }, () => {
        for (const law of applying) test(law.name, () => examineLaw(law, layer, harness))
      })
    }
  })
}

/** A store that is reached over a network may not be there yet when the layer is built. */
const waitForStore = Effect.flatMap(CachePort, ({ ping }) =>
  Effect.retry(ping, { times: 500, schedule: Schedule.spaced(20) })
)

const examineLaw = (law: Law, layer: Layer.Layer<CachePort, unknown>, harness: Harness): Effect.Effect<void, unknown> =>
  Effect.flatMap(makeWorld(harness), law.check).pipe(
    (checked) => (harness.time === "real" ? Effect.andThen(waitForStore, checked) : checked),
    Effect.provide(layer),
    Effect.scoped
  )

/** A law that a cache broke. */
export interface Breach {
  readonly chapter: string
  readonly law: string
}

/** Checks laws without a test runner, and answers those that are broken. */
export const breaches = (
  layer: Layer.Layer<CachePort, unknown>,
  harness: Harness,
  among: ReadonlyArray<Chapter> = chapters
): Effect.Effect<ReadonlyArray<Breach>> =>
  Effect.map(
    Effect.forEach(
      among.flatMap(({ laws, name }) =>
        laws.filter((law) => law.applies(harness)).map((law) => ({ chapter: name, law }))
      ),
      ({ chapter, law }) => {
        const examined = examineLaw(law, layer, harness)
        const timed = harness.time === "TestClock" ? Effect.provide(examined, TestClock.layer()) : examined
        return Effect.map(Effect.exit(timed), (exit) => (Exit.isFailure(exit) ? [{ chapter, law: law.name }] : []))
      },
      // Where time is real, laws wait for it.
      { concurrency: harness.time === "real" ? 5 : 1 }
    ),
    (found) => found.flat()
  )
