/**
 * The operations of the port as commands of Redis. Knows nothing of connections but that a command can be sent.
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
import { Duration, Effect, Option, Stream } from "effect"
import type { Command, CommandSender, RedisKey } from "./commands/Command.ts"
import * as Reply from "./commands/Reply.ts"
import * as ReplyError from "./commands/ReplyError.ts"
import * as Scripts from "./commands/Scripts.ts"
import type { Direct, Router } from "./topology/Router.ts"

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

type Entry = readonly [key: string, value: string]

type Asked<A> = Effect.Effect<A, DriverFailure>

/** The driver on whatever servers the router knows. */
export const make = (router: Router): CacheDriver => {
  const send = <A>(decode: Reply.Decode<A>, name: string, key: string, ...args: ReadonlyArray<string>): Asked<A> =>
    router.of(key).send({ args: [name, key, ...args], decode })

  const read = (name: string, key: string): Asked<string | undefined> =>
    router.of(key).send({ args: [name, key], decode: Reply.text, recover: ReplyError.absentWhenOtherType })

  const run = <A>(script: Scripts.Script<A>, key: string, ...args: ReadonlyArray<string>): Asked<A> =>
    Effect.suspend(() => Scripts.run(router.of(key), { script, keys: [key], args }, router.deadline()))

  const getMany = (keys: ReadonlyArray<string>, deadline: number) =>
    router
      .of(first(keys))
      .send({ args: ["MGET", ...keys], decode: Reply.texts(keys.length), weight: keys.length }, deadline)

  const unlink = (keys: ReadonlyArray<RedisKey>, deadline: number) =>
    router.of(first(keys)).send({ args: ["UNLINK", ...keys], decode: Reply.integer }, deadline)

  /** One command where no time to live is wanted: a script costs the server four times as much. */
  const setForEver = (entries: ReadonlyArray<Entry>, deadline: number) =>
    router
      .of(keyOf(first(entries)))
      .send({ args: ["MSET", ...entries.flat()], decode: Reply.ok, weight: entries.length }, deadline)

  /** Until a server does by the script what it refuses to do by the command. */
  let isMsetexTried = true

  /** One command where the server has it, from Redis 8.4 and Valkey 9.1 on: https://redis.io/docs/latest/commands/msetex/ */
  const setFor = (entries: ReadonlyArray<Entry>, ttl: number, deadline: number): Asked<void> => {
    const server = router.of(keyOf(first(entries)))
    const byScript = Effect.suspend(() => Scripts.run(server, Scripts.setMany(entries, ttl), deadline))
    if (!isMsetexTried) return byScript
    const args = ["MSETEX", String(entries.length), ...entries.flat(), "PX", String(ttl)]
    return Effect.catch(server.send({ args, decode: Reply.wasSet, weight: entries.length }, deadline), (failure) =>
      failure.serverCode === "ERR" || failure.serverCode === "NOPERM"
        ? Effect.map(byScript, () => {
            isMsetexTried = false
          })
        : Effect.fail(failure)
    )
  }

  /** A batch in parts, a few at a time, so that other callers' commands go in between; all by one deadline. */
  const inParts = <I, A>(
    parts: ReadonlyArray<ReadonlyArray<I>>,
    ask: (part: ReadonlyArray<I>, deadline: number) => Asked<A>
  ): Asked<ReadonlyArray<A>> =>
    Effect.suspend(() => {
      const deadline = router.deadline()
      if (parts.length === 1) return Effect.map(ask(first(parts), deadline), (answer) => [answer])
      const concurrency = Math.max(1, Math.floor(keysInFlight / first(parts).length))
      return Effect.forEach(parts, (part) => ask(part, deadline), { concurrency })
    })

  const unlinkMany = (keys: ReadonlyArray<RedisKey>): Asked<number> => {
    const parts = slices(router.parts(keys, itself), keysAtOnce)
    return Effect.map(Effect.mapError(inParts(parts, unlink), partly(parts)), sum)
  }

  const unlinkPage = (keys: ReadonlyArray<Buffer>): Asked<number> =>
    Effect.suspend(() => {
      const deadline = router.deadline()
      const parts = slices(router.parts(keys.map(asText), itself), keysOfPage)
      const removed = Effect.forEach(parts, (part) => unlink(part, deadline), { concurrency: keysInFlight })
      return Effect.map(removed, sum)
    })

  /** On one server after the other, so that no more than one is kept busy. */
  const onEveryMaster = <A>(ask: (master: CommandSender) => Asked<A>): Asked<ReadonlyArray<A>> =>
    Effect.flatMap(router.masters, (masters) => Effect.forEach(masters, (master) => ask(master)))

  return {
    fastPaths: (prefix) => ({ callback: router.direct === undefined ? undefined : callbacks(router.direct, prefix) }),

    get: (key) => read("GET", key),

    getMany: (keys) => {
      const parts = router.parts(keys, itself)
      const pieces = slices(parts, keysAtOnce)
      if (pieces.length === 1) return Effect.suspend(() => getMany(keys, router.deadline()))
      return Effect.map(inParts(pieces, getMany), (answers) =>
        parts.length === 1 ? answers.flat() : inOrder(keys, pieces, answers)
      )
    },

    set: (key, value, ttl) => router.of(key).send(setting(key, value, ttl)),

    setMany: (entries, ttl) => {
      const parts = slices(router.parts(entries, keyOf), entriesAtOnce)
      if (parts.some((part) => bytesOf(part) > maxBatchBytes)) return Effect.fail(tooLargeABatch)
      const set = inParts(parts, (part, deadline) =>
        ttl === undefined ? setForEver(part, deadline) : setFor(part, ttl, deadline)
      )
      return Effect.asVoid(Effect.mapError(set, partly(parts)))
    },

    setIfAbsent: (key, value, ttl) =>
      ttl === undefined
        ? send(Reply.okOrNothing, "SET", key, value, "NX")
        : send(Reply.okOrNothing, "SET", key, value, "NX", "PX", String(ttl)),

    deleteMany: unlinkMany,

    getAndDelete: (key) => read("GETDEL", key),

    compareAndDelete: (key, expected) => run(Scripts.compareAndDelete, key, expected),

    exists: (key) => send(Reply.flag, "EXISTS", key),

    expire: (key, ttl) =>
      ttl === undefined ? run(Scripts.persist, key) : send(Reply.flag, "PEXPIRE", key, String(ttl)),

    ttl: (key) =>
      Effect.map(
        router.of(key).send({ args: ["PTTL", key], decode: Reply.digits, typeMapping: "numbersAsText" }),
        toTimeToLive
      ),

    increment: (key, amount, ttl) =>
      Effect.suspend(() => {
        const script = Scripts.increment([{ key, amount, ttl }])
        return Effect.flatMap(Scripts.run(router.of(key), script, router.deadline()), ([sum = 0]) =>
          sum instanceof DriverFailure ? Effect.fail(sum) : Effect.succeed(sum)
        )
      }),

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

const callbacks = ({ get, increment, submit }: Direct, prefix: string): CallbackOperations => ({
  get: (key, callback) => get(prefix + key, callback),
  set: (key, value, ttl, callback) => submit(setting(prefix + key, value, ttl), callback),
  increment: (key, amount, ttl, callback) => increment({ key: prefix + key, amount, ttl }, callback)
})

const setting = (key: string, value: string, ttl: number | undefined): Command<void> => ({
  args: ttl === undefined ? ["SET", key, value] : ["SET", key, value, "PX", String(ttl)],
  decode: Reply.ok
})

const itself = <K extends RedisKey>(key: K): K => key

const keyOf = ([key]: Entry): string => key

/** Parts and batches are never empty. */
const first = <I>(items: ReadonlyArray<I>): I => items[0] as I

/** As text where that is the same: texts go out in one piece, bytes key by key. */
const asText = (key: Buffer): RedisKey => (isUtf8(key) ? key.toString() : key)

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

const bytesOf = (entries: ReadonlyArray<Entry>): number => sum(entries.map(([key, value]) => key.length + value.length))

const tooLargeABatch = new DriverFailure(
  new InvalidArgument({ message: "1,000 entries of one batch have at most 256 MiB together" })
)

/** PTTL answers -2 for an absent key and -1 for one that never expires: https://redis.io/docs/latest/commands/pttl/ */
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

/** The answers to parts of `keys`, in the order of `keys`. */
const inOrder = <A>(
  keys: ReadonlyArray<string>,
  parts: ReadonlyArray<ReadonlyArray<string>>,
  answers: ReadonlyArray<ReadonlyArray<A>>
): ReadonlyArray<A> => {
  const byKey = new Map<string, A>()
  parts.forEach((part, index) => {
    part.forEach((key, place) => {
      byKey.set(key, (answers[index] as ReadonlyArray<A>)[place] as A)
    })
  })
  return keys.map((key) => byKey.get(key) as A)
}

const page = (master: CommandSender, cursor: string, pattern: string): Asked<Reply.Page> =>
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
  unlink: (keys: ReadonlyArray<Buffer>) => Asked<number>
): Asked<number> => {
  let removed = 0
  let begun = false
  const removeFrom = ({ cursor, keys }: Reply.Page): Asked<number> => {
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
