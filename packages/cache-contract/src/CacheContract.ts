/**
 * The contract tests of the port: one test for every law, the law's words as its name.
 *
 * @module
 */
import type { CachePort } from "@hexcache/cache-port"
import { Cause, Effect, Exit, type Layer, Option } from "effect"
import { afterAll, describe, test } from "vitest"
import { batches } from "./chapters/batches.ts"
import { concurrency } from "./chapters/concurrency.ts"
import { conditionalWrites } from "./chapters/conditionalWrites.ts"
import { counters } from "./chapters/counters.ts"
import { failure } from "./chapters/failure.ts"
import { interruption } from "./chapters/interruption.ts"
import { isolation } from "./chapters/isolation.ts"
import { keys } from "./chapters/keys.ts"
import { operations } from "./chapters/operations.ts"
import { patterns } from "./chapters/patterns.ts"
import { readsAfterWrites } from "./chapters/readsAfterWrites.ts"
import { scale } from "./chapters/scale.ts"
import { secrets } from "./chapters/secrets.ts"
import { shutdown } from "./chapters/shutdown.ts"
import { timeToLive } from "./chapters/timeToLive.ts"
import { values } from "./chapters/values.ts"
import { examineLaw, explainBreach } from "./Examination.ts"
import type { Harness } from "./Harness.ts"
import type { Chapter } from "./Law.ts"
import { describeLeftOut, LeftOut, type LeftOutLaw } from "./LeftOut.ts"

export type { Harness, LockableStore, Store } from "./Harness.ts"
export type { Chapter, Law } from "./Law.ts"
export type { LeftOutLaw } from "./LeftOut.ts"
export * as Model from "./Model.ts"

/** Every chapter, in the order in which a reader learns the port. */
export const chapters: ReadonlyArray<Chapter> = [
  operations,
  values,
  keys,
  timeToLive,
  counters,
  batches,
  patterns,
  conditionalWrites,
  readsAfterWrites,
  isolation,
  concurrency,
  interruption,
  secrets,
  scale,
  failure,
  shutdown
]

/**
 * Registers the contract's tests for an adapter with vitest. Each test builds the layer anew and has a namespace of its
 * own, so the store need not be empty, and nothing outside these namespaces is touched.
 *
 * A law that needs what the driver declares as `unsupported` is skipped, with the reason as its note, and printed at the
 * end. The first chapter examines the declaration: what it names must fail with `Unsupported`, and nothing else may.
 *
 * @example
 * ```ts
 * CacheContract.suite("memory", CacheMemory.layer(), { time: "TestClock" })
 * ```
 */
export const suite = (name: string, layer: Layer.Layer<CachePort, unknown>, harness: Harness): void => {
  describe(name, () => {
    const leftOut: Array<LeftOutLaw> = []
    afterAll(() => {
      if (leftOut.length > 0) console.info(describeLeftOut(name, leftOut))
    })
    for (const { isSequential, laws, name: chapter } of chapters) {
      const applying = laws.filter((law) => law.applies(harness))
      if (applying.length === 0) continue
      // Where time is real, the tests that wait for it wait side by side.
      describe(chapter, { concurrent: harness.time === "real" && isSequential !== true, timeout: 180_000 }, () => {
        for (const law of applying) {
          test(law.name, async ({ signal, skip }) => {
            const exit = await Effect.runPromiseExit(examineLaw(law, layer, harness), { signal })
            if (Exit.isSuccess(exit)) return
            const thrown = Cause.squash(exit.cause)
            if (thrown instanceof LeftOut) {
              leftOut.push({ chapter, law: law.name, feature: thrown.feature, why: thrown.why })
              skip(`left out: ${thrown.why}`)
            }
            throw await Effect.runPromise(explainBreach(thrown, law, layer, harness), { signal })
          })
        }
      })
    }
  })
}

/** A law that a cache broke. */
export interface Breach {
  readonly chapter: string
  readonly law: string
}

/** Checks laws without a test runner, and returns those that are broken. One that is left out is not. */
export const breaches = (
  layer: Layer.Layer<CachePort, unknown>,
  harness: Harness,
  among: ReadonlyArray<Chapter> = chapters
): Effect.Effect<ReadonlyArray<Breach>> =>
  Effect.map(
    Effect.forEach(
      examinations(layer, harness, among),
      (examined) => Effect.match(examined, { onFailure: (breach) => [breach], onSuccess: () => [] }),
      // Laws of real time wait more than they compute.
      { concurrency: harness.time === "real" ? 5 : 1 }
    ),
    (found) => found.flat()
  )

/**
 * Checks laws until one is broken, and returns that one. Where time is real, all laws are checked at the same time, and
 * the others are interrupted.
 */
export const firstBreach = (
  layer: Layer.Layer<CachePort, unknown>,
  harness: Harness,
  among: ReadonlyArray<Chapter> = chapters
): Effect.Effect<Option.Option<Breach>> =>
  Effect.match(
    Effect.forEach(examinations(layer, harness, among), (examined) => examined, {
      concurrency: harness.time === "real" ? "unbounded" : 1,
      discard: true
    }),
    { onFailure: Option.some, onSuccess: Option.none }
  )

/** The laws that apply, each as an effect that fails if the law is broken. */
const examinations = (
  layer: Layer.Layer<CachePort, unknown>,
  harness: Harness,
  among: ReadonlyArray<Chapter>
): ReadonlyArray<Effect.Effect<void, Breach>> =>
  among.flatMap(({ laws, name: chapter }) =>
    laws
      .filter((law) => law.applies(harness))
      .map((law) =>
        examineLaw(law, layer, harness).pipe(
          Effect.catchIf(
            (error) => error instanceof LeftOut,
            () => Effect.void
          ),
          Effect.catchCause(() => Effect.fail({ chapter, law: law.name }))
        )
      )
  )
