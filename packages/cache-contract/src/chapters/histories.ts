/**
 * Laws on histories: the results of callers at the same time are those of one operation after the other.
 */
import { CachePort, intercept, type MissingFeatures } from "@hexcache/cache-port"
import { Clock, Context, Effect, Fiber, identity, Layer } from "effect"
import { assert } from "vitest"
import { buildReady, type Fault, faults, locked, margin, untilMet, untilSuccess } from "../FaultLaw.ts"
import type { Harness } from "../Harness.ts"
import { describeHistory } from "../histories/describeHistory.ts"
import type { Operation } from "../histories/History.ts"
import { isLinearizable, withLateReads } from "../histories/Linearizability.ts"
import { record, type WorkloadOptions } from "../histories/Workload.ts"
import { type Law, law } from "../Law.ts"
import { missingFor } from "../LeftOut.ts"
import { randomFrom } from "../Random.ts"

type Cache = CachePort["Service"]

/** Rounds of callers, each on new keys. */
const rounds = { TestClock: 40, real: 8 }

const callers = 6

/** Pauses between two operations of a caller. */
const turns = [Effect.void, Effect.yieldNow, Effect.andThen(Effect.yieldNow, Effect.yieldNow)]

const isPossible =
  (missing: MissingFeatures) =>
  (operation: Operation): boolean => {
    const name = operation.name === "increment" && operation.amount < 0 ? "decrement" : operation.name
    return missingFor(name, missing) === undefined
  }

/** Records callers of some keys at the same time, and asserts that every history is possible. Returns their operations. */
const examine = Effect.fnUntraced(function* (
  { lateReads = 0 }: Harness,
  cache: Cache,
  options: Pick<WorkloadOptions, "caches" | "operations"> & Partial<WorkloadOptions>
) {
  const seed = Math.floor(Math.random() * 2 ** 31)
  let calls = 0
  const histories = yield* record({
    prefix: "key-",
    callers,
    keys: 3,
    random: randomFrom(seed),
    // Every call and every end has a moment of its own, unless milliseconds count.
    now: lateReads === 0 ? () => ++calls : () => performance.now(),
    isPossible: isPossible(CachePort.unsupported(cache)),
    ...options
  })
  for (const [key, history] of histories) {
    const judged = withLateReads(history, lateReads)
    if (isLinearizable(judged)) continue
    assert.fail(
      `no order of these operations on ${key}, one after the other, has their results:\n${describeHistory(judged)}`
    )
  }
  return Array.from(histories.values()).flat()
})

const examineRounds = Effect.fnUntraced(function* (harness: Harness, caches: ReadonlyArray<Cache>, cache: Cache) {
  const operations = 20
  const pause = Effect.suspend(() => turns[Math.floor(Math.random() * turns.length)] ?? Effect.void)
  for (let round = 0; round < rounds[harness.time]; round++) {
    const recorded = yield* examine(harness, cache, { caches, operations, pause, prefix: `round ${round}, key ` })
    const answered = recorded.filter(({ outcome }) => outcome !== "Unknown")
    assert.lengthOf(answered, callers * operations, "operations that succeed")
  }
})

/** The laws on a store that works. */
export const histories: ReadonlyArray<Law> = [
  law(
    "all operations on a key at once have results as if one had come after the other",
    function* ({ cache, harness }) {
      yield* examineRounds(harness, [cache], cache)
    }
  ),

  law(
    "all operations on a key at once, by two layers of one store, have results as if one had come after the other",
    function* ({ cache, harness }) {
      const { layerWithNamespace } = harness
      if (layerWithNamespace === undefined) return
      const layer = layerWithNamespace(`contract-${Math.random().toString(36).slice(2)}`)
      const open = Effect.map(Layer.build(Layer.fresh(layer)), Context.get(CachePort))
      const caches = [yield* open, yield* open]
      yield* examineRounds(harness, caches, cache)
      yield* Effect.ignore(caches[0]?.flush ?? Effect.void)
    },
    ({ layerWithNamespace }) => layerWithNamespace !== undefined
  )
]

/**
 * Callers and keys of a fault: many, as it meets one operation of each caller, and not every operation leaves a trace when
 * it is carried out twice.
 */
const examined = { callers: 24, keys: 12 }

/** As many, counted and not timed, as show a slow cache's mistakes too. */
const operationsAfterwards = 1600

/** The law on a store that is out of order and keeps its data. */
const historyLaw = (fault: Fault): Law =>
  fault.law(
    `${fault.name}: all operations on a key at once have results as if one had come after the other, or say that they are open`,
    function* (store, harness) {
      const cache = yield* buildReady(store)
      let failed = 0
      const counting = intercept(cache, {
        wrap: (operation) => Effect.tapError(operation, () => Effect.sync(() => failed++)),
        wrapScan: identity
      })
      let isOver = false
      let begun = 0
      const examining = yield* Effect.forkChild(
        examine(harness, cache, {
          ...examined,
          caches: [counting],
          operations: 10_000,
          isOver: () => {
            begun++
            return isOver
          },
          pause: Effect.sleep(5)
        })
      )
      yield* Effect.sleep(50)
      yield* fault.begin(store)
      const before = failed
      yield* untilMet(store.deadline * 1.5, () => failed - before >= examined.callers)
      yield* fault.end(store)
      yield* untilSuccess(cache, store)
      const recovered = begun
      yield* Effect.repeat(Effect.sleep(10), { until: () => begun - recovered >= operationsAfterwards })
      isOver = true
      const over = yield* Clock.currentTimeMillis
      yield* Fiber.join(examining)
      const passed = (yield* Clock.currentTimeMillis) - over
      assert.isBelow(passed, store.deadline + margin, "milliseconds that the callers took to end")
    }
  )

export const historiesUnderFaults: ReadonlyArray<Law> = [...faults.filter(({ keepsData }) => keepsData), locked].map(
  historyLaw
)
