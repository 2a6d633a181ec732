/**
 * Reads that are answered from memory, while what the server has is known to be the same.
 *
 * A hit sends nothing. What was read from the server is kept together with what is left of the key's life, which is asked
 * for behind it, for all keys of a turn at once: of what it expires the server tells late.
 *
 * @internal
 */
import type { CacheDriver } from "@hexcache/cache-port"
import { Effect, Exit, Option } from "effect"
import type { Command, Commander } from "./Connection.ts"
import * as Reply from "./Reply.ts"
import type { Deadline } from "./Router.ts"
import * as Scripts from "./Scripts.ts"
import type { Tracking } from "./Tracking.ts"

/** Keys whose times to live are asked for at once. */
const keysAtOnce = 100

/** A value on its way into memory. */
interface Read {
  readonly key: string
  readonly value: string
  readonly moment: number
}

/** A driver whose reads are kept; `server` is the one that it asks. */
export const make = (driver: CacheDriver, server: Commander & Deadline, tracking: Tracking): CacheDriver => {
  let isProving = false
  /** What was read in this turn. */
  let reads: Array<Read> = []

  const known = (key: string): Exit.Success<Option.Option<string>> | undefined => {
    const now = performance.now()
    const found = tracking.find(key, now)
    if (found !== undefined && tracking.needsProof(now)) prove()
    return found
  }

  /** From memory only as a whole: in part it would mix the values of two instants. */
  const knownMany = (keys: ReadonlyArray<string>): ReadonlyArray<string | undefined> | undefined => {
    const values: Array<string | undefined> = []
    for (const key of keys) {
      const found = known(key)
      if (found === undefined) return undefined
      values.push(Option.getOrUndefined(found.value))
    }
    return values
  }

  /** Asks the server for a sign of life, of which the connection tells. */
  const prove = (): void => {
    if (isProving) return
    isProving = true
    Effect.runCallback(server.send(ping), {
      onExit: () => {
        isProving = false
      }
    })
  }

  /** Keeps what was read: an absence at once, a value as soon as it is known for how long. */
  const keep = (key: string, value: string | undefined, moment: number): void => {
    if (!tracking.isCurrent(key, moment)) return
    if (value === undefined) {
      tracking.keep(key, value, moment, performance.now(), Number.POSITIVE_INFINITY)
      return
    }
    if (reads.length === 0) process.nextTick(askTimesToLive)
    reads.push({ key, value, moment })
    if (reads.length === keysAtOnce) askTimesToLive()
  }

  const askTimesToLive = (): void => {
    if (reads.length === 0) return
    const asked = reads
    reads = []
    // Before the server looks: so the end that is reckoned from it is not after the key's.
    const from = performance.now()
    const keys = asked.map(({ key }) => key)
    Effect.runCallback(Scripts.run(server, Scripts.timesToLive(keys.length), keys, [], server.deadline()), {
      onExit: (exit) => {
        if (Exit.isFailure(exit)) return
        for (const [place, { key, moment, value }] of asked.entries()) {
          const remaining = exit.value[place] as number
          if (remaining === gone) continue
          tracking.keep(key, value, moment, from, remaining === forever ? Number.POSITIVE_INFINITY : remaining)
        }
      }
    })
  }

  return {
    ...driver,

    known,

    get: (key) =>
      Effect.suspend(() => {
        const found = known(key)
        if (found !== undefined) return Exit.succeed(Option.getOrUndefined(found.value))
        const { moment } = tracking
        return Effect.map(driver.get(key), (value) => {
          keep(key, value, moment)
          return value
        })
      }),

    getMany: (keys) =>
      Effect.suspend(() => {
        const found = knownMany(keys)
        if (found !== undefined) return Exit.succeed(found)
        const { moment } = tracking
        return Effect.map(driver.getMany(keys), (values) => {
          for (const [place, key] of keys.entries()) keep(key, values[place], moment)
          return values
        })
      })
  }
}

const ping: Command<void> = { args: ["PING"], decode: Reply.pong }

/** Answers of PTTL: https://redis.io/docs/latest/commands/pttl/ */
const gone = -2
const forever = -1
