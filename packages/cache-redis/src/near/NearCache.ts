/**
 * Reads that are answered from memory, while what the server has is known to be the same.
 *
 * A hit sends nothing. What is read from the server a second time is kept together with what is left of the key's life,
 * which is asked for behind it, for all keys of a turn at once: of what it expires the server tells late.
 *
 * @internal
 */
import { Async, type CacheDriver, type CallbackOperations, DriverFailure } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import type { Command, CommandSender } from "../commands/Command.ts"
import * as Reply from "../commands/Reply.ts"
import * as Scripts from "../commands/Scripts.ts"
import { performance } from "../platform/Platform.ts"
import type { TrackedEntries } from "./TrackedEntries.ts"

/** Keys whose times to live are asked for at once. */
const keysAtOnce = 100

/** A value on its way into memory. */
interface Read {
  readonly key: string
  readonly value: string
  readonly moment: number
}

/** A driver whose reads are kept; `server` is the one that it asks. */
export const make = (driver: CacheDriver, server: CommandSender, tracking: TrackedEntries): CacheDriver => {
  let isProving = false
  /** What was read in this turn. */
  let reads: Array<Read> = []

  const find = (prefix: string, key: string): string | undefined | Async => {
    const now = performance.now()
    const found = tracking.find(prefix, key, now)
    if (found !== Async && tracking.needsProof(now)) prove()
    return found
  }

  /** From memory only as a whole: in part it would mix the values of two instants. */
  const findAll = (prefix: string, keys: ReadonlyArray<string>): ReadonlyArray<string | undefined> | Async => {
    const values: Array<string | undefined> = []
    for (const key of keys) {
      const found = find(prefix, key)
      if (found === Async) return Async
      values.push(found)
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
    if (!tracking.isWorthKeeping(key, moment)) return
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
    Effect.runCallback(server.send(Scripts.timesToLive(keys)), {
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

  const callbacks = (prefix: string, { get, increment, ...others }: CallbackOperations = {}): CallbackOperations => ({
    ...others,

    ...(get && {
      get: (key, callback) => {
        const { moment } = tracking
        return get(key, (result) => {
          if (!(result instanceof DriverFailure)) keep(prefix + key, result, moment)
          callback(result)
        })
      }
    }),

    ...(increment && {
      increment: (key, amount, ttl, callback) => {
        // Now, since a batch sends it only at the end of the turn.
        tracking.keyChanged(prefix + key)
        return increment(key, amount, ttl, callback)
      }
    })
  })

  return {
    ...driver,

    fastPaths: (prefix) => ({
      sync: { get: (key) => find(prefix, key), getMany: (keys) => findAll(prefix, keys) },
      callback: callbacks(prefix, driver.fastPaths?.(prefix).callback)
    }),

    getMany: (keys) =>
      Effect.suspend(() => {
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
