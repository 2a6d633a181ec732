/**
 * The operations of the port as commands of Redis. Knows nothing of connections but that a command can be sent.
 *
 * @internal
 */

import { isUtf8 } from "node:buffer"
import { type CacheDriver, DriverFailure, InvalidArgument, TimeToLive } from "@hexcache/cache-port"
import { Duration, Effect, Exit, Option, Stream } from "effect"
import type { Connection } from "./Connection.ts"
import * as Reply from "./Reply.ts"
import * as Scripts from "./Scripts.ts"

/** Keys in one MGET or UNLINK: enough to make the round trip cheap, few enough not to hold others up. */
const keysAtOnce = 500

/** Entries that one script sets: the port promises that so many are one atomic step. */
const entriesAtOnce = 1_000

/** The most bytes in one script's arguments, well below what a server takes from one client (1 GiB). */
const maxBatchBytes = 268_435_456

/** Keys that the server looks at for one page of SCAN. */
const scanCount = "1000"

/** Parts of a batch on their way side by side. */
const partsAtOnce = 4

export const make = (connection: Connection): CacheDriver => {
  const send = <A>(decode: Reply.Decode<A>, ...args: ReadonlyArray<string>): Effect.Effect<A, DriverFailure> =>
    connection.send({ args, decode })

  const read = (...args: ReadonlyArray<string>): Effect.Effect<string | undefined, DriverFailure> =>
    connection.send({ args, decode: Reply.text, recover: absentWhenOtherType })

  const getMany = (keys: ReadonlyArray<string>) => send(Reply.texts(keys.length), "MGET", ...keys)

  const unlink = (keys: ReadonlyArray<string | Buffer>) =>
    connection.send({ args: ["UNLINK", ...keys], decode: Reply.integer })

  const setMany = (entries: ReadonlyArray<readonly [string, string]>, ttl: number | undefined) =>
    bytesOf(entries) > maxBatchBytes
      ? Effect.fail(tooLargeABatch)
      : Scripts.run(
          connection,
          Scripts.setMany,
          entries.map(([key]) => key),
          [...entries.map(([, value]) => value), millis(ttl)]
        )

  const page = (cursor: string, pattern: string): Effect.Effect<Reply.Page, DriverFailure> =>
    connection.send({
      args: ["SCAN", cursor, "MATCH", pattern, "COUNT", scanCount],
      decode: Reply.page,
      read: "textsAsBytes"
    })

  return {
    get: (key) => read("GET", key),

    getMany: (keys) => Effect.map(inParts(keys, keysAtOnce, getMany), (parts) => parts.flat()),

    set: (key, value, ttl) =>
      ttl === undefined ? send(Reply.ok, "SET", key, value) : send(Reply.ok, "SET", key, value, "PX", millis(ttl)),

    setMany: (entries, ttl) =>
      Effect.asVoid(inParts(entries, entriesAtOnce, (part) => setMany(part, ttl), unknownOnceBegun)),

    setIfAbsent: (key, value, ttl) =>
      ttl === undefined
        ? send(Reply.okOrNothing, "SET", key, value, "NX")
        : send(Reply.okOrNothing, "SET", key, value, "NX", "PX", millis(ttl)),

    deleteMany: (keys) => Effect.map(inParts(keys, keysAtOnce, unlink, unknownOnceBegun), sum),

    getAndDelete: (key) => read("GETDEL", key),

    compareAndDelete: (key, expected) => Scripts.run(connection, Scripts.compareAndDelete, [key], [expected]),

    exists: (key) => send(Reply.flag, "EXISTS", key),

    expire: (key, ttl) =>
      ttl === undefined
        ? Scripts.run(connection, Scripts.persist, [key], [])
        : send(Reply.flag, "PEXPIRE", key, millis(ttl)),

    ttl: (key) =>
      Effect.map(connection.send({ args: ["PTTL", key], decode: Reply.digits, read: "numbersAsText" }), toTimeToLive),

    increment: (key, amount, ttl) => Scripts.run(connection, Scripts.increment, [key], [String(amount), millis(ttl)]),

    scan: (pattern) =>
      Stream.paginate("0", (cursor) =>
        Effect.map(
          page(cursor, pattern),
          ({ cursor, keys }) => [[keys.filter((key) => isUtf8(key)).map(String)], next(cursor)] as const
        )
      ),

    deletePattern: (pattern) => deletePages((cursor) => page(cursor, pattern), unlink),

    flush: send(Reply.ok, "FLUSHDB", "ASYNC"),

    ping: send(Reply.pong, "PING")
  }
}

const millis = (ttl: number | undefined): string => (ttl === undefined ? "" : String(ttl))

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

const bytesOf = (entries: ReadonlyArray<readonly [string, string]>): number =>
  sum(entries.map(([key, value]) => key.length + value.length))

const tooLargeABatch = new DriverFailure(
  new InvalidArgument({ message: "1,000 entries of one batch have at most 256 MiB together" })
)

/** A key that holds another type reads as absent. */
const absentWhenOtherType = (failure: DriverFailure): Exit.Exit<undefined, DriverFailure> =>
  failure.serverCode === "WRONGTYPE" ? Exit.succeed(undefined) : Exit.fail(failure)

/** PTTL answers -2 for an absent key and -1 for one that never expires: https://redis.io/docs/latest/commands/pttl/ */
const toTimeToLive = (remaining: number): TimeToLive => {
  if (remaining === -2) return TimeToLive.Missing()
  if (remaining === -1) return TimeToLive.Persistent()
  return TimeToLive.Expires({ remaining: Duration.millis(remaining) })
}

/** The cursor of the next page, or none after the last. */
const next = (cursor: string): Option.Option<string> => (cursor === "0" ? Option.none() : Option.some(cursor))

/** Of a write in several parts some may have happened when one of them fails. */
const unknownOnceBegun = (failure: DriverFailure): DriverFailure =>
  new DriverFailure(failure.reason, "Unknown", failure.serverCode)

/** A batch in parts, a few at a time, so that other callers' commands go in between. */
const inParts = <I, A>(
  batch: ReadonlyArray<I>,
  size: number,
  ask: (part: ReadonlyArray<I>) => Effect.Effect<A, DriverFailure>,
  whenOneFails: (failure: DriverFailure) => DriverFailure = (failure) => failure
): Effect.Effect<ReadonlyArray<A>, DriverFailure> => {
  if (batch.length <= size) return Effect.map(ask(batch), (answer) => [answer])
  const parts = Array.from({ length: Math.ceil(batch.length / size) }, (_, part) =>
    batch.slice(part * size, (part + 1) * size)
  )
  return Effect.mapError(Effect.forEach(parts, ask, { concurrency: partsAtOnce }), whenOneFails)
}

/** Removes page after page, each while the next one is on its way. */
const deletePages = (
  page: (cursor: string) => Effect.Effect<Reply.Page, DriverFailure>,
  unlink: (keys: ReadonlyArray<Buffer>) => Effect.Effect<number, DriverFailure>
): Effect.Effect<number, DriverFailure> =>
  Effect.suspend(() => {
    let removed = 0
    let begun = false
    const removeFrom = ({ cursor, keys }: Reply.Page): Effect.Effect<number, DriverFailure> => {
      begun ||= keys.length > 0
      const removal = Effect.map(keys.length === 0 ? Effect.succeed(0) : unlink(keys), (count) => {
        removed += count
        return removed
      })
      return cursor === "0"
        ? removal
        : Effect.flatMap(Effect.all([page(cursor), removal], { concurrency: 2 }), ([next]) => removeFrom(next))
    }
    return Effect.mapError(Effect.flatMap(page("0"), removeFrom), (failure) =>
      begun ? unknownOnceBegun(failure) : failure
    )
  })
