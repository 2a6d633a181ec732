/**
 * The operations of the port as commands of Redis. Of connections it knows only that they send a command.
 *
 * @internal
 */
import { isUtf8 } from "node:buffer"
import {
  type CacheDriver,
  type CallbackOperations,
  DriverFailure,
  InvalidArgument,
  TimeToLive
} from "@hexcache/cache-port"
import { Duration, Effect, identity, Option, Stream } from "effect"
import type { Command, CommandSender, DirectSender, RedisKey } from "./commands/Command.ts"
import * as Reply from "./commands/Reply.ts"
import * as ReplyError from "./commands/ReplyError.ts"
import * as Scripts from "./commands/Scripts.ts"
import type { Router } from "./topology/Router.ts"

/**
 * Keys in one MGET or UNLINK: enough to make the round trip cheap, few enough not to hold others up. The port promises that
 * so many are read as of one moment.
 */
const keysAtOnce = 100

/** Keys of one batch on their way at a time. */
const keysInFlight = 400

/** Entries that one script sets: the port promises that so many are one atomic step. */
const entriesAtOnce = 1_000

/** The most bytes in one script's arguments, well below what a server takes from one client (1 GiB). */
const maxBatchBytes = 268_435_456

/** Keys that the server looks at for one page of SCAN, and in one UNLINK of what it found: less than a millisecond. */
const keysOfPage = 1_000

type KeyValue = readonly [key: string, value: string]

type Sent<A> = Effect.Effect<A, DriverFailure>

/** The driver on whatever servers the router knows. */
export const make = (router: Router): CacheDriver => {
  const send = <A>(key: string, command: Command<A>): Sent<A> => router.of(key).send(command)

  const getMany = (keys: ReadonlyArray<string>, deadline: number) =>
    router
      .of(first(keys))
      .send({ args: ["MGET", ...keys], decode: Reply.texts(keys.length), weight: keys.length }, deadline)

  const unlink = (keys: ReadonlyArray<RedisKey>, deadline: number) =>
    router.of(first(keys)).send({ args: ["UNLINK", ...keys], decode: Reply.integer }, deadline)

  /** One command where no time to live is wanted: a script costs the server four times as much. */
  const setForEver = (entries: ReadonlyArray<KeyValue>, deadline: number) =>
    router
      .of(keyOf(first(entries)))
      .send({ args: ["MSET", ...entries.flat()], decode: Reply.ok, weight: entries.length }, deadline)

  /** Until a server does by the script what it refuses to do by the command. */
  let isMsetexTried = true

  /** One command where the server has it, from Redis 8.4 and Valkey 9.1 on: https://redis.io/docs/latest/commands/msetex/ */
  const setFor = (entries: ReadonlyArray<KeyValue>, ttl: number, deadline: number): Sent<void> => {
    const server = router.of(keyOf(first(entries)))
    const byScript = Effect.suspend(() => server.send(Scripts.setMany(entries, ttl), deadline))
    if (!isMsetexTried) return byScript
    const args = ["MSETEX", String(entries.length), ...entries.flat(), "PX", String(ttl)]
    return Effect.catch(server.send({ args, decode: Reply.wasSet, weight: entries.length }, deadline), (failure) =>
      failure.outcome === "NotExecuted" && (failure.serverCode === "ERR" || failure.serverCode === "NOPERM")
        ? Effect.map(byScript, () => {
            isMsetexTried = false
          })
        : Effect.fail(failure)
    )
  }

  /** A batch in parts, a few at a time, so that other callers' commands go in between; all by one deadline. */
  const inParts = <I, A>(
    parts: ReadonlyArray<ReadonlyArray<I>>,
    send: (part: ReadonlyArray<I>, deadline: number) => Sent<A>
  ): Sent<ReadonlyArray<A>> =>
    Effect.suspend(() => {
      const deadline = router.deadline()
      if (parts.length === 1) return Effect.map(send(first(parts), deadline), (result) => [result])
      const concurrency = Math.max(1, Math.floor(keysInFlight / first(parts).length))
      return Effect.forEach(parts, (part) => send(part, deadline), { concurrency })
    })

  const unlinkMany = (keys: ReadonlyArray<RedisKey>): Sent<number> => {
    const parts = slices(router.parts(keys, identity), keysAtOnce)
    return Effect.map(Effect.mapError(inParts(parts, unlink), partly(parts)), sum)
  }

  const unlinkPage = (keys: ReadonlyArray<Buffer>): Sent<number> =>
    Effect.suspend(() => {
      const deadline = router.deadline()
      const parts = slices(router.parts(keys.map(asText), identity), keysOfPage)
      const removed = Effect.forEach(parts, (part) => unlink(part, deadline), { concurrency: keysInFlight })
      return Effect.map(removed, sum)
    })

  /** On one server after the other, so that no more than one is kept busy. */
  const onEveryMaster = <A>(act: (master: CommandSender) => Sent<A>): Sent<ReadonlyArray<A>> =>
    Effect.flatMap(router.masters, (masters) => Effect.forEach(masters, (master) => act(master)))

  return {
    fastPaths: (prefix) => ({ callback: router.direct === undefined ? undefined : callbacks(router.direct, prefix) }),

    get: (key) => send(key, get(key)),

    getMany: (keys) => {
      const parts = router.parts(keys, identity)
      const pieces = slices(parts, keysAtOnce)
      if (pieces.length === 1) return Effect.suspend(() => getMany(keys, router.deadline()))
      return Effect.map(inParts(pieces, getMany), (results) =>
        parts.length === 1 ? results.flat() : inOrder(keys, pieces, results)
      )
    },

    set: (key, value, ttl) => send(key, set(key, value, ttl)),

    setMany: (entries, ttl) => {
      const parts = slices(router.parts(entries, keyOf), entriesAtOnce)
      if (parts.some((part) => bytesOf(part) > maxBatchBytes)) return Effect.fail(tooLargeABatch)
      const set = inParts(parts, (part, deadline) =>
        ttl === undefined ? setForEver(part, deadline) : setFor(part, ttl, deadline)
      )
      return Effect.asVoid(Effect.mapError(set, partly(parts)))
    },

    setIfAbsent: (key, value, ttl) =>
      send(key, {
        args: ["SET", key, value, "NX", ...(ttl === undefined ? [] : ["PX", String(ttl)])],
        decode: Reply.okOrNothing
      }),

    deleteMany: unlinkMany,

    getAndDelete: (key) => send(key, read("GETDEL", key)),

    getAndExpire: (key, ttl) =>
      send(key, ttl === undefined ? read("GETEX", key, "PERSIST") : read("GETEX", key, "PX", String(ttl))),

    compareAndDelete: (key, expected) => send(key, Scripts.compareAndDelete(key, expected)),

    compareAndExpire: (key, expected, ttl) => send(key, Scripts.compareAndExpire(key, expected, ttl)),

    exists: (key) => send(key, { args: ["EXISTS", key], decode: Reply.flag }),

    expire: (key, ttl) =>
      send(key, ttl === undefined ? Scripts.persist(key) : { args: ["PEXPIRE", key, String(ttl)], decode: Reply.flag }),

    ttl: (key) =>
      Effect.map(send(key, { args: ["PTTL", key], decode: Reply.digits, typeMapping: "numbersAsText" }), toTimeToLive),

    increment: (key, amount, ttl) => send(key, Scripts.increment(key, amount, ttl)),

    scan: (pattern) =>
      Stream.unwrap(
        Effect.map(router.masters, (masters) =>
          Stream.fromIterable(masters).pipe(
            Stream.flatMap((master) => pages(master, pattern)),
            Stream.map((keys) => keys.filter((key) => isUtf8(key)).map(String))
          )
        )
      ),

    deletePattern: (pattern) =>
      Effect.map(
        onEveryMaster((master) => deletePages(master, pattern, unlinkPage)),
        sum
      ),

    flush: Effect.asVoid(onEveryMaster((master) => master.send({ args: ["FLUSHDB", "ASYNC"], decode: Reply.ok }))),

    ping: Effect.asVoid(onEveryMaster((master) => master.send({ args: ["PING"], decode: Reply.pong })))
  }
}

/** The same commands without an Effect around each. */
const callbacks = ({ submit }: DirectSender, prefix: string): CallbackOperations => ({
  get: (key, callback) => submit(get(prefix + key), callback),
  set: (key, value, ttl, callback) => submit(set(prefix + key, value, ttl), callback),
  increment: (key, amount, ttl, callback) => submit(Scripts.increment(prefix + key, amount, ttl), callback)
})

/** The command that every `get` is, whichever way it takes. */
const get = (key: string): Command<string | undefined> => read("GET", key)

const read = (name: string, key: string, ...options: ReadonlyArray<string>): Command<string | undefined> => ({
  args: [name, key, ...options],
  decode: Reply.text,
  recover: ReplyError.absentWhenOtherType
})

/** The command that every `set` is. */
const set = (key: string, value: string, ttl: number | undefined): Command<void> => ({
  args: ttl === undefined ? ["SET", key, value] : ["SET", key, value, "PX", String(ttl)],
  decode: Reply.ok
})

const keyOf = ([key]: KeyValue): string => key

/** Parts and batches are never empty. */
const first = <I>(items: ReadonlyArray<I>): I => items[0] as I

/** As text where that is the same: texts go out in one piece, bytes key by key. */
const asText = (key: Buffer): RedisKey => (isUtf8(key) ? key.toString() : key)

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

const bytesOf = (entries: ReadonlyArray<KeyValue>): number =>
  sum(entries.map(([key, value]) => key.length + value.length))

const tooLargeABatch = new DriverFailure(
  new InvalidArgument({ message: "1,000 entries of one batch have at most 256 MiB together" })
)

/** PTTL returns -2 for an absent key and -1 for one that never expires: https://redis.io/docs/latest/commands/pttl/ */
const toTimeToLive = (remaining: number): TimeToLive => {
  if (remaining === -2) return TimeToLive.Missing()
  if (remaining === -1) return TimeToLive.Persistent()
  return TimeToLive.Expires({ remaining: Duration.millis(remaining) })
}

const unknownOnceBegun = (failure: DriverFailure): DriverFailure =>
  new DriverFailure(failure.reason, "Unknown", failure.serverCode)

/** Parts of at most `size` items. */
const slices = <I>(parts: ReadonlyArray<ReadonlyArray<I>>, size: number): ReadonlyArray<ReadonlyArray<I>> =>
  parts.flatMap((part) =>
    part.length <= size
      ? [part]
      : Array.from({ length: Math.ceil(part.length / size) }, (_, slice) =>
          part.slice(slice * size, (slice + 1) * size)
        )
  )

/** Of a write in several parts some may have happened when one of them fails. */
const partly =
  (parts: ReadonlyArray<unknown>) =>
  (failure: DriverFailure): DriverFailure =>
    parts.length > 1 ? unknownOnceBegun(failure) : failure

/** The results of parts of `keys`, in the order of `keys`. */
const inOrder = <A>(
  keys: ReadonlyArray<string>,
  parts: ReadonlyArray<ReadonlyArray<string>>,
  results: ReadonlyArray<ReadonlyArray<A>>
): ReadonlyArray<A> => {
  const byKey = new Map<string, A>()
  parts.forEach((part, index) => {
    part.forEach((key, place) => {
      byKey.set(key, (results[index] as ReadonlyArray<A>)[place] as A)
    })
  })
  return keys.map((key) => byKey.get(key) as A)
}

const page = (master: CommandSender, cursor: string, pattern: string): Sent<Reply.Page> =>
  master.send({
    args: ["SCAN", cursor, "MATCH", pattern, "COUNT", String(keysOfPage)],
    decode: Reply.page,
    typeMapping: "textsAsBytes",
    isBound: cursor !== "0"
  })

/** The pages of one server's keys that match. */
const pages = (master: CommandSender, pattern: string): Stream.Stream<ReadonlyArray<Buffer>, DriverFailure> =>
  Stream.paginate("0", (cursor: string) =>
    Effect.map(page(master, cursor, pattern), ({ cursor, keys }) => [
      [keys],
      cursor === "0" ? Option.none<string>() : Option.some(cursor)
    ])
  )

/** Removes page after page of one server, each while the next one is on its way. */
const deletePages = (
  master: CommandSender,
  pattern: string,
  unlink: (keys: ReadonlyArray<Buffer>) => Sent<number>
): Sent<number> => {
  let removed = 0
  let begun = false
  const removeFrom = ({ cursor, keys }: Reply.Page): Sent<number> => {
    begun ||= keys.length > 0
    const removal = Effect.map(keys.length === 0 ? Effect.succeed(0) : unlink(keys), (count) => {
      removed += count
      return removed
    })
    return cursor === "0"
      ? removal
      : Effect.flatMap(Effect.all([page(master, cursor, pattern), removal], { concurrency: 2 }), ([next]) =>
          removeFrom(next)
        )
  }
  return Effect.mapError(Effect.flatMap(page(master, "0", pattern), removeFrom), (failure) =>
    begun ? unknownOnceBegun(failure) : failure
  )
}
