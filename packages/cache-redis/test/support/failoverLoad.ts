/** Readers and writers while a master is replaced, and a record of what became of each call. */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Fiber, Option } from "effect"

/** A write that was acknowledged. */
interface Acknowledged {
  readonly key: string
  readonly version: number
  readonly began: number
  readonly ended: number
}

/** What a reader saw, undefined where the key was absent. */
interface Seen {
  readonly version: number | undefined
  readonly began: number
}

/** What became of the calls. Instants are on `performance`'s clock. */
export interface FailoverRecord {
  calls: number
  readonly acknowledged: Array<Acknowledged>
  readonly failedReads: Array<CacheError>
  readonly failedWrites: Array<CacheError>
  readonly seen: Array<Seen>
}

/** Each writes keys of its own, none twice, and an ever higher version to one key. */
const writers = 2
const readers = 2

/** Reads and writes, with a pause of a millisecond after each call, until `end` runs. */
export const failoverLoad = ({ get, set }: CachePort["Service"]) =>
  Effect.gen(function* () {
    const record: FailoverRecord = { calls: 0, acknowledged: [], failedReads: [], failedWrites: [], seen: [] }
    let isOver = false
    let version = 0
    const write = (key: string, version: number) =>
      Effect.suspend(() => {
        const began = performance.now()
        record.calls++
        return Effect.match(set(key, String(version)), {
          onFailure: (error) => void record.failedWrites.push(error),
          onSuccess: () => void record.acknowledged.push({ key, version, began, ended: performance.now() })
        })
      })
    const read = Effect.suspend(() => {
      const began = performance.now()
      record.calls++
      return Effect.match(get("version"), {
        onFailure: (error) => void record.failedReads.push(error),
        onSuccess: (value) =>
          void record.seen.push({ began, version: Option.getOrUndefined(Option.map(value, Number)) })
      })
    })
    const forever = (call: () => Effect.Effect<unknown>) =>
      Effect.forkChild(Effect.whileLoop({ while: () => !isOver, body: () => Effect.delay(call(), 1), step: () => {} }))
    const fibers = yield* Effect.forEach(
      [
        ...Array.from({ length: writers }, (_, writer) => {
          let written = 0
          return () => write(`${writer}-${written}`, written++)
        }),
        () => write("version", ++version),
        ...Array.from({ length: readers }, () => () => read)
      ],
      forever
    )
    const end = Effect.suspend(() => {
      isOver = true
      return Effect.as(Effect.forEach(fibers, Fiber.join), record)
    })
    return { record, end }
  })

/** The longest time without an acknowledged write, in milliseconds. */
export const longestGap = ({ acknowledged }: FailoverRecord): number =>
  Math.max(0, ...acknowledged.slice(1).map(({ ended }, index) => ended - (acknowledged[index] as Acknowledged).ended))

/** Reads that began after a newer version was acknowledged than they saw, of those since an instant. */
export const staleReads = ({ acknowledged, seen }: FailoverRecord, since: number): number => {
  const versions = acknowledged.filter(({ began, key }) => key === "version" && began > since)
  return seen.filter(({ began, version = 0 }) =>
    versions.some((written) => written.ended < began && written.version > version)
  ).length
}
