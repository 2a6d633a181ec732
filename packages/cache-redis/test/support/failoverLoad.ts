/** Readers and writers while a master is replaced, and a record of the outcome of each call. */
import type { CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Fiber, Option } from "effect"

/** A write that was acknowledged. */
interface Acknowledged {
  readonly key: string
  readonly version: number
  readonly began: number
  readonly ended: number
}

/** A read that was answered. */
interface Seen {
  readonly version: number
  readonly began: number
}

/** The outcome of each call. Instants are on `performance`'s clock. */
export interface FailoverRecord {
  calls: number
  /** Writes, each of a key of its own. */
  readonly writes: Array<Acknowledged>
  /** Writes of ever higher versions to one key. */
  readonly versions: Array<Acknowledged>
  /** Reads of that key. */
  readonly seen: Array<Seen>
  readonly failedReads: Array<CacheError>
  readonly failedWrites: Array<CacheError>
}

const writers = 2
const readers = 2

/** Reads and writes keys with a prefix, with a pause of a millisecond after each call, until `end` runs. */
export const failoverLoad = ({ get, set }: CachePort["Service"], prefix: string) =>
  Effect.gen(function* () {
    const record: FailoverRecord = { calls: 0, writes: [], versions: [], seen: [], failedReads: [], failedWrites: [] }
    let isOver = false
    const write = (acknowledged: Array<Acknowledged>, key: string, version: number) =>
      Effect.suspend(() => {
        const began = performance.now()
        record.calls++
        return Effect.match(set(key, String(version)), {
          onFailure: (error) => void record.failedWrites.push(error),
          onSuccess: () => void acknowledged.push({ key, version, began, ended: performance.now() })
        })
      })
    const read = Effect.suspend(() => {
      const began = performance.now()
      record.calls++
      return Effect.match(get(`${prefix}-version`), {
        onFailure: (error) => void record.failedReads.push(error),
        onSuccess: (value) => void record.seen.push({ began, version: Number(Option.getOrElse(value, () => "0")) })
      })
    })
    const forever = (call: (round: number) => Effect.Effect<unknown>) => {
      let round = 0
      const body = () => Effect.delay(call(++round), 1)
      return Effect.forkChild(Effect.whileLoop({ while: () => !isOver, body, step: () => {} }))
    }
    const fibers = yield* Effect.forEach(
      [
        ...Array.from(
          { length: writers },
          (_, writer) => (round: number) => write(record.writes, `${prefix}-${writer}-${round}`, round)
        ),
        (round: number) => write(record.versions, `${prefix}-version`, round),
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
export const longestGap = ({ writes }: FailoverRecord): number =>
  Math.max(0, ...writes.slice(1).map(({ ended }, index) => ended - (writes[index] as Acknowledged).ended))

/** Reads that saw an older version than was acknowledged before they began, of those written since an instant. */
export const staleReads = ({ seen, versions }: FailoverRecord, since: number): ReadonlyArray<Seen> => {
  const written = versions.filter(({ began }) => began > since)
  return seen.filter((read) => written.some(({ ended, version }) => ended < read.began && version > read.version))
}
