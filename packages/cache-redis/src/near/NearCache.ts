/**
 * A driver that serves reads from memory, while the server is known to have the same values.
 *
 * A hit sends nothing. A value that is read from the server a second time is kept for the rest of its key's life, which
 * one command reads for all keys of a turn: the server reports expirations late.
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

/** The most keys whose times to live one command reads. */
const keysAtOnce = 100

/** A value on its way into memory. */
interface ReadValue {
  readonly key: string
  readonly value: string
  readonly moment: number
}

/** Keeps the reads of a driver; `server` sends for the cache itself. */
export const make = (driver: CacheDriver, server: CommandSender, tracking: TrackedEntries): CacheDriver => {
  let isProving = false
  /** The values read in this turn. */
  let reads: Array<ReadValue> = []

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

  /** Sends a PING, whose reply is a proof that the connection reports. */
  const prove = (): void => {
    if (isProving) return
    isProving = true
    Effect.runCallback(server.send(ping), {
      onExit: () => {
        isProving = false
      }
    })
  }

  /** Keeps a read: an absence at once, a value as soon as its time to live is known. */
  const keep = (key: string, value: string | undefined, moment: number): void => {
    if (!tracking.isWorthKeeping(key, moment)) return
    if (value === undefined) {
      tracking.keep(key, value, moment, performance.now(), Number.POSITIVE_INFINITY)
      return
    }
    if (reads.length === 0) process.nextTick(readTimesToLive)
    reads.push({ key, value, moment })
    if (reads.length === keysAtOnce) readTimesToLive()
  }

  const readTimesToLive = (): void => {
    if (reads.length === 0) return
    const batch = reads
    reads = []
    // Before the server looks, so that the entry does not outlive its key.
    const from = performance.now()
    const keys = batch.map(({ key }) => key)
    Effect.runCallback(server.send(Scripts.timesToLive(keys)), {
      onExit: (exit) => {
        if (Exit.isFailure(exit)) return
        for (const [place, { key, moment, value }] of batch.entries()) {
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

/** Replies of PTTL: https://redis.io/docs/latest/commands/pttl/ */
const gone = -2
const forever = -1
