import { type CacheError, CachePort } from "@hexcache/cache-port"
import { Effect, Option } from "effect"
import { assert } from "vitest"
import { type Chapter, law } from "../Law.ts"
import { prepare, stateAfter, stateBefore, stateOf, type Write, writesOf } from "../Writes.ts"

type Cache = CachePort["Service"]

/** Reads a key often enough for a cache that keeps in front of its store what is read often. */
const readOften = Effect.fnUntraced(function* (cache: Cache, key: string) {
  for (let time = 0; time < 4; time++) {
    yield* cache.get(key)
    yield* cache.getMany([key])
    yield* cache.exists(key)
    yield* Effect.exit(cache.ttl(key))
    yield* Effect.yieldNow
  }
})

/** Every way to read a value. */
const reads: ReadonlyArray<
  readonly [name: string, read: (cache: Cache, key: string) => Effect.Effect<string | undefined, CacheError>]
> = [
  ["get", (cache, key) => Effect.map(cache.get(key), Option.getOrUndefined)],
  [
    "getMany",
    (cache, key) => Effect.map(cache.getMany([key]), (found) => Option.getOrUndefined(found.get(key) ?? Option.none()))
  ],
  ["getJson", (cache, key) => Effect.map(cache.getJson(key), (json) => Option.getOrUndefined(Option.map(json, String)))]
]

/** Asserts that every read, this one first, sees a value, or that it is absent. */
const everyRead = Effect.fnUntraced(function* (
  cache: Cache,
  key: string,
  value: string | undefined,
  subject: string,
  first: (typeof reads)[number] | undefined = reads[0]
) {
  for (const [name, read] of [...(first === undefined ? [] : [first]), ...reads]) {
    assert.strictEqual(yield* read(cache, key), value, `${name} ${subject}`)
  }
  assert.strictEqual(yield* cache.exists(key), value !== undefined, `exists ${subject}`)
})

export const readsAfterWrites: Chapter = {
  name: "reads after writes",
  laws: [
    law("every write is seen by the reads that follow, however often the key was read before", function* ({ cache }) {
      const examine = Effect.fnUntraced(function* (write: Write, first: (typeof reads)[number]) {
        // Each read has a key that it is the first to read again: a read may remember for the others.
        const key = `${write.name}, ${first[0]}`
        yield* prepare(cache, key, write)
        yield* readOften(cache, key)
        assert.strictEqual(yield* stateOf(cache, key), stateBefore(write), `before ${write.name}`)
        assert.deepStrictEqual(yield* write.run(cache, key), write.answer, `the answer of ${write.name}`)
        yield* everyRead(cache, key, write.after, `after ${write.name}`, first)
        yield* readOften(cache, key)
        assert.strictEqual(yield* stateOf(cache, key), stateAfter(cache, write), `long after ${write.name}`)
      })
      yield* Effect.forEach(
        writesOf(cache).flatMap((write) => reads.map((read) => [write, read] as const)),
        ([write, read]) => examine(write, read),
        { concurrency: "unbounded", discard: true }
      )
    }),

    law("flush is seen by the reads that follow, however often the key was read before", function* ({ cache }) {
      const space = CachePort.namespaced(cache, "flushed")
      yield* space.set("key", "1")
      yield* readOften(space, "key")
      yield* space.flush
      yield* everyRead(space, "key", undefined, "after flush")
    }),

    law("a write through one namespace is seen through another, however often the key was read", function* ({ cache }) {
      const inner = CachePort.namespaced(cache, "inner")
      yield* inner.set("key", "1")
      yield* readOften(inner, "key")
      yield* cache.set("inner:key", "2")
      yield* everyRead(inner, "key", "2", "after a set through the outer namespace")
      yield* readOften(cache, "inner:key")
      yield* inner.delete("key")
      yield* everyRead(cache, "inner:key", undefined, "after a delete through the inner namespace")
    }),

    law("a key that was read often expires by its latest time to live", function* ({ cache, time }) {
      for (const [index, first] of reads.entries()) {
        const keys = ["expire", "set", "longer"].map((name) => `${name}-${index}`)
        const [expire = "", set = "", longer = ""] = keys
        yield* cache.setMany(keys.map((key) => [key, "1"]))
        for (const key of keys) yield* readOften(cache, key)
        yield* cache.expire(longer, "1 hour")
        const written = yield* time.write(
          Effect.all([cache.expire(expire, time.ttl), cache.set(set, "2", { ttl: time.ttl })])
        )
        yield* time.within(written, Effect.all([readOften(cache, expire), readOften(cache, set)], { concurrency: 2 }))
        yield* time.outlive(written)
        yield* everyRead(cache, expire, undefined, "of a key that was given a time to live by expire, later", first)
        yield* everyRead(cache, set, undefined, "of a key that was given a time to live by set, later", first)
        yield* everyRead(cache, longer, "1", "of a key that was given a longer time to live", first)
      }
    })
  ]
}
