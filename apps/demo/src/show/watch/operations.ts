/** Reads the measurements of the telemetry layer. */
import { Effect, Metric, Schema } from "effect"

/** How long the operations of one kind took. */
export const Operation = Schema.Struct({
  /** The member of `CachePort`. */
  name: Schema.String,
  /** The number of those that took at most `millis`, and more than the bound before; the last has no bound. */
  buckets: Schema.Array(Schema.Struct({ millis: Schema.NullOr(Schema.Finite), count: Schema.Int })),
  count: Schema.Int,
  failed: Schema.Int,
  /** The longest, in milliseconds. */
  longest: Schema.Finite
})
export interface Operation extends Schema.Schema.Type<typeof Operation> {}

/** The durations of the cache's operations since the process began, failures included. */
export const operations: Effect.Effect<ReadonlyArray<Operation>> = Effect.map(Metric.snapshot, (snapshots) => {
  const byName = new Map<string, Operation>()
  for (const { attributes = {}, id, state, type } of snapshots) {
    const name = attributes["db.operation.name"]
    if (type !== "Histogram" || id !== "db.client.operation.duration" || name === undefined || state.count === 0)
      continue
    const counted = operationOf(name, state, attributes["error.type"] !== undefined)
    const before = byName.get(name)
    byName.set(name, before === undefined ? counted : sum(before, counted))
  }
  return Array.from(byName.values()).toSorted((one, other) => other.count - one.count)
})

const operationOf = (name: string, { buckets, count, max }: Metric.HistogramState, isFailure: boolean): Operation => ({
  name,
  // The buckets of Effect count all that took at most so long.
  buckets: [...buckets, [Number.POSITIVE_INFINITY, count] as const].map(([seconds, upTo], place) => ({
    millis: Number.isFinite(seconds) ? seconds * 1_000 : null,
    count: upTo - (buckets[place - 1]?.[1] ?? 0)
  })),
  count,
  failed: isFailure ? count : 0,
  longest: max * 1_000
})

const sum = (one: Operation, other: Operation): Operation => ({
  name: one.name,
  buckets: one.buckets.map(({ count, millis }, place) => ({
    millis,
    count: count + (other.buckets[place]?.count ?? 0)
  })),
  count: one.count + other.count,
  failed: one.failed + other.failed,
  longest: Math.max(one.longest, other.longest)
})
