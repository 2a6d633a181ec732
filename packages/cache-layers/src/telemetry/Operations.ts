/**
 * What is reported of the operations of one port.
 *
 * @internal
 */

import type { CacheError, CacheOperation, CacheRequest, Interceptor } from "@hexcache/cache-port"
import { Exit, Metric, Option } from "effect"
import * as Failures from "./Failures.ts"
import { type Ending, type Settings, Work } from "./Work.ts"

/** Reports the operations of one port. */
export const operations = (settings: Settings): Interceptor => {
  const works = new Map<CacheOperation, Work>()
  const workOf = ({ operation }: CacheRequest): Work => {
    let work = works.get(operation)
    if (work === undefined) {
      work = new Work(optionsOf(settings, operation))
      works.set(operation, work)
    }
    return work
  }
  const reads = {
    hits: readsThat("hit", settings),
    misses: readsThat("miss", settings)
  }

  return {
    wrap: (operation, request) =>
      workOf(request).measure(
        operation,
        (exit, { context }) => {
          if (Exit.isFailure(exit)) return failed(exit)
          const found = foundBy(request.operation, exit.value)
          if (found === undefined) return succeeded
          const { hits, misses } = found
          if (settings.metrics && hits > 0) reads.hits.updateUnsafe(hits, context)
          if (settings.metrics && misses > 0) reads.misses.updateUnsafe(misses, context)
          return { attributes: { "hexcache.hits": hits, "hexcache.misses": misses } }
        },
        request.keys === undefined ? undefined : { "hexcache.keys": request.keys.length }
      ),
    wrapScan: (scan, request) =>
      workOf(request).measureStream(scan, (exit) => (Exit.isFailure(exit) ? failed(exit) : succeeded))
  }
}

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

const readsThat = (result: "hit" | "miss", { attributes }: Settings) =>
  Metric.counter("hexcache.reads", {
    description: "Keys that were read, by whether they had a value.",
    incremental: true,
    attributes: { ...attributes, "hexcache.result": result, unit: "{key}" }
  })

const succeeded: Ending = {}

const failed = ({ cause }: Exit.Failure<unknown, CacheError>): Ending => ({ failure: Failures.ofOperation(cause) })

interface Found {
  readonly hits: number
  readonly misses: number
}

/** Undefined for what reads no values. */
const foundBy = (operation: CacheOperation, answer: unknown): Found | undefined => {
  switch (operation) {
    case "get":
    case "getJson":
    case "getAndDelete":
      return isHit(answer) ? oneHit : oneMiss
    case "getMany": {
      const values = Array.from((answer as ReadonlyMap<string, unknown>).values())
      const hits = values.filter(isHit).length
      return { hits, misses: values.length - hits }
    }
    default:
      return undefined
  }
}

const isHit = (value: unknown): boolean => Option.isSome(value as Option.Option<unknown>)

const oneHit: Found = { hits: 1, misses: 0 }
const oneMiss: Found = { hits: 0, misses: 1 }
