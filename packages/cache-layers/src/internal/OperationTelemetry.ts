/**
 * Telemetry of the operations of a port.
 *
 * @internal
 */
import type { CacheError, CacheOperation, CacheRequest, Interceptor } from "@hexcache/cache-port"
import { Exit, Metric, Option } from "effect"
import * as ErrorAttributes from "./ErrorAttributes.ts"
import { Instrument, type Outcome, type Settings } from "./Instrument.ts"

/** Reports each operation by a span and its duration, and each read as a hit or a miss. */
export const interceptor = (settings: Settings): Interceptor => {
  const instruments = new Map<CacheOperation, Instrument>()
  const instrumentOf = ({ operation }: CacheRequest): Instrument => {
    let instrument = instruments.get(operation)
    if (instrument === undefined) {
      instrument = new Instrument(optionsOf(settings, operation))
      instruments.set(operation, instrument)
    }
    return instrument
  }
  const reads = {
    hits: readCounter("hit", settings),
    misses: readCounter("miss", settings)
  }

  return {
    wrap: (operation, request) =>
      instrumentOf(request).measure(
        operation,
        (exit, { context }) => {
          if (Exit.isFailure(exit)) return failed(exit)
          const counts = countReads(request.operation, exit.value)
          if (counts === undefined) return succeeded
          const { hits, misses } = counts
          if (settings.metrics && hits > 0) reads.hits.updateUnsafe(hits, context)
          if (settings.metrics && misses > 0) reads.misses.updateUnsafe(misses, context)
          return { attributes: { "hexcache.hits": hits, "hexcache.misses": misses } }
        },
        request.keys === undefined ? undefined : { "hexcache.keys": request.keys.length }
      ),
    wrapScan: (scan, request) =>
      instrumentOf(request).measureStream(scan, (exit) => (Exit.isFailure(exit) ? failed(exit) : succeeded))
  }
}

/** The options of an operation's instrument. */
const optionsOf = (settings: Settings, operation: CacheOperation) => {
  const { attributes } = settings
  return {
    ...settings,
    attributes: { ...attributes, "db.operation.name": operation },
    name: [operation, attributes["db.namespace"]].join(" ").trim(),
    kind: "client",
    duration: "db.client.operation.duration",
    description: "Duration of database client operations."
  } as const
}

const readCounter = (result: "hit" | "miss", { attributes }: Settings) =>
  Metric.counter("hexcache.reads", {
    description: "Keys that were read, by whether they had a value.",
    incremental: true,
    attributes: { ...attributes, "hexcache.result": result, unit: "{key}" }
  })

const succeeded: Outcome = {}

const failed = ({ cause }: Exit.Failure<unknown, CacheError>): Outcome => ({
  error: ErrorAttributes.ofOperation(cause)
})

interface ReadCounts {
  readonly hits: number
  readonly misses: number
}

/** Undefined for an operation that reads no values. */
const countReads = (operation: CacheOperation, result: unknown): ReadCounts | undefined => {
  switch (operation) {
    case "get":
    case "getJson":
    case "getAndDelete":
    case "getAndExpire":
      return isHit(result) ? oneHit : oneMiss
    case "getMany": {
      const values = Array.from((result as ReadonlyMap<string, unknown>).values())
      const hits = values.filter(isHit).length
      return { hits, misses: values.length - hits }
    }
    default:
      return undefined
  }
}

const isHit = (value: unknown): boolean => Option.isSome(value as Option.Option<unknown>)

const oneHit: ReadCounts = { hits: 1, misses: 0 }
const oneMiss: ReadCounts = { hits: 0, misses: 1 }
