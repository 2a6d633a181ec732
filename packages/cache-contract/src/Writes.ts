/**
 * Every write of the port on one key, with what is so before it and after it.
 */
import { type CacheError, type CacheOperation, CachePort, Glob, TimeToLive } from "@hexcache/cache-port"
import { Effect, Option } from "effect"
import { assert } from "vitest"
import { missingFor } from "./LeftOut.ts"

type Cache = CachePort["Service"]

/** A write on one key that nobody else writes meanwhile. */
export interface Write {
  /** Begins with the operation. */
  readonly name: string
  /** The value of the key before the write, without a time to live; undefined where it must be absent. */
  readonly before: string | undefined
  readonly run: (cache: Cache, key: string) => Effect.Effect<unknown, CacheError>
  /** The only right answer. */
  readonly answer: unknown
  /** The value of the key after the write; undefined where it is absent then. */
  readonly after: string | undefined
  /** True if the key has a time to live after the write. */
  readonly expires?: boolean
}

const all: ReadonlyArray<Write> = [
  { name: "set", before: "1", run: (cache, key) => cache.set(key, "2"), answer: undefined, after: "2" },
  { name: "set of a key", before: undefined, run: (cache, key) => cache.set(key, "2"), answer: undefined, after: "2" },
  {
    name: "set with a ttl",
    before: "1",
    run: (cache, key) => cache.set(key, "2", { ttl: "1 hour" }),
    answer: undefined,
    after: "2",
    expires: true
  },
  { name: "setJson", before: "1", run: (cache, key) => cache.setJson(key, 2), answer: undefined, after: "2" },
  { name: "setMany", before: "1", run: (cache, key) => cache.setMany([[key, "2"]]), answer: undefined, after: "2" },
  {
    name: "setIfAbsent",
    before: undefined,
    run: (cache, key) => cache.setIfAbsent(key, "2", { ttl: "1 hour" }),
    answer: true,
    after: "2",
    expires: true
  },
  { name: "delete", before: "1", run: (cache, key) => cache.delete(key), answer: true, after: undefined },
  { name: "deleteMany", before: "1", run: (cache, key) => cache.deleteMany([key]), answer: 1, after: undefined },
  {
    name: "getAndDelete",
    before: "1",
    run: (cache, key) => cache.getAndDelete(key),
    answer: Option.some("1"),
    after: undefined
  },
  {
    name: "compareAndDelete",
    before: "1",
    run: (cache, key) => cache.compareAndDelete(key, "1"),
    answer: true,
    after: undefined
  },
  {
    name: "getAndExpire",
    before: "1",
    run: (cache, key) => cache.getAndExpire(key, "1 hour"),
    answer: Option.some("1"),
    after: "1",
    expires: true
  },
  {
    name: "compareAndExpire",
    before: "1",
    run: (cache, key) => cache.compareAndExpire(key, "1", "1 hour"),
    answer: true,
    after: "1",
    expires: true
  },
  {
    name: "expire",
    before: "1",
    run: (cache, key) => cache.expire(key, "1 hour"),
    answer: true,
    after: "1",
    expires: true
  },
  { name: "expire by zero", before: "1", run: (cache, key) => cache.expire(key, 0), answer: true, after: undefined },
  {
    name: "increment of an absent key",
    before: undefined,
    run: (cache, key) => cache.increment(key, 1, { ttl: "1 hour" }),
    answer: 1,
    after: "1",
    expires: true
  },
  { name: "increment", before: "1", run: (cache, key) => cache.increment(key), answer: 2, after: "2" },
  { name: "decrement", before: "3", run: (cache, key) => cache.decrement(key), answer: 2, after: "2" },
  {
    name: "deletePattern",
    before: "1",
    run: (cache, key) => cache.deletePattern(Glob.escape(key)),
    answer: 1,
    after: undefined
  }
]

/** The writes that the store of a cache has. */
export const writesOf = (cache: Cache): ReadonlyArray<Write> => {
  const missing = CachePort.unsupported(cache)
  return all.filter(({ name }) => missingFor(name.split(" ", 1)[0] as CacheOperation, missing) === undefined)
}

/** The state of a key, as a reader of a failure wants it. */
const state = (value: string | undefined, expires: boolean): string =>
  value === undefined ? "absent" : `${JSON.stringify(value)}${expires ? " with a time to live" : ""}`

export const stateBefore = ({ before }: Write): string => state(before, false)

/** The state after a write, without a time to live where the store of the cache does not return one. */
export const stateAfter = (cache: Cache, { after, expires = false }: Write): string =>
  state(after, expires && returnsTtl(cache))

/** The state of a key now. */
export const stateOf = (cache: Cache, key: string): Effect.Effect<string, CacheError> =>
  Effect.map(
    Effect.all([cache.get(key), returnsTtl(cache) ? cache.ttl(key) : Effect.succeed(TimeToLive.Persistent())]),
    ([value, ttl]) => state(Option.getOrUndefined(value), ttl._tag === "Expires")
  )

const returnsTtl = (cache: Cache): boolean => CachePort.unsupported(cache).ttl === undefined

/** Brings a key into the state that a write needs. */
export const prepare = (cache: Cache, key: string, { before }: Write): Effect.Effect<void, CacheError> =>
  before === undefined ? Effect.asVoid(cache.delete(key)) : cache.set(key, before)

/** Runs a write whose key is prepared, and asserts its answer and the state that it leaves. */
export const runWrite = Effect.fnUntraced(function* (cache: Cache, key: string, write: Write, subject: string) {
  assert.deepStrictEqual(yield* write.run(cache, key), write.answer, `${subject}: the answer`)
  assert.strictEqual(yield* stateOf(cache, key), stateAfter(cache, write), `${subject}: the key afterwards`)
})
