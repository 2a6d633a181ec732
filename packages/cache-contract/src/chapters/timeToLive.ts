import { type CacheError, type CachePort, Glob, type MissingFeatures, TimeToLive } from "@hexcache/cache-port"
import { Duration, Effect, Option, Stream } from "effect"
import { assert } from "vitest"
import * as Hostile from "../Hostile.ts"
import { type Chapter, failsWith, law } from "../Law.ts"
import { missingFor } from "../LeftOut.ts"

const hour = 3_600_000

const longest = Number.MAX_SAFE_INTEGER

/** Every write that takes options, on one key. */
const writesWith = (cache: CachePort["Service"], key: string, options: { readonly ttl: Duration.Input }) => ({
  set: cache.set(key, "1", options),
  setJson: cache.setJson(key, 1, options),
  setIfAbsent: cache.setIfAbsent(key, "1", options),
  setMany: cache.setMany([[key, "1"]], options),
  increment: cache.increment(key, 1, options),
  decrement: cache.decrement(key, -1, options)
})

/** The same, with a time to live. */
const writes = (cache: CachePort["Service"], key: string, ttl: Duration.Input) => writesWith(cache, key, { ttl })

/** Options of callers without types, who mean a time to live. */
const misspelt: ReadonlyArray<unknown> = [
  { TTL: 60 },
  { expiresIn: 60 },
  { ttl: 60_000, ex: 60 },
  { ttl: { minute: 5 } },
  { ttl: { minutes: 5, secnds: 1 } }
]

const names = ["set", "setJson", "setIfAbsent", "setMany", "increment", "decrement"] as const

/** The names of the writes that a store has. */
const namesOf = (missing: MissingFeatures) => names.filter((name) => missingFor(name, missing) === undefined)

/** The write of a name, on a key of that name. */
const write = (
  cache: CachePort["Service"],
  name: (typeof names)[number],
  ttl: Duration.Input
): Effect.Effect<unknown, CacheError> => writes(cache, name, ttl)[name]

/** Gives a key that is live a new time to live. */
const expire = (cache: CachePort["Service"], key: string, ttl: Duration.Input): Effect.Effect<void, CacheError> =>
  Effect.map(cache.expire(key, ttl), (isLive) => assert.isTrue(isLive, `${key} is live`))

/** Writes that replace the time to live of a key of their name, by the value that it has already. */
const replacing = (
  cache: CachePort["Service"],
  ttl: number
): ReadonlyArray<readonly [name: string, operation: Effect.Effect<unknown, CacheError>]> => [
  ["set", cache.set("set", "1", { ttl })],
  ["setJson", cache.setJson("setJson", 1, { ttl })],
  ["setMany", cache.setMany([["setMany", "1"]], { ttl })],
  ["expire", expire(cache, "expire", ttl)]
]

const large = String(Number.MAX_SAFE_INTEGER)

/** Operations that change nothing of a key that holds this value. */
const idle = (
  cache: CachePort["Service"]
): ReadonlyArray<readonly [name: string, value: string, run: (key: string) => Effect.Effect<unknown, CacheError>]> => [
  ["get", "text", (key) => cache.get(key)],
  ["getJson", "1", (key) => cache.getJson(key)],
  ["getJson of what is no JSON", "text", (key) => cache.getJson(key)],
  ["getMany", "text", (key) => cache.getMany([key, "absent"])],
  ["exists", "text", (key) => cache.exists(key)],
  ["ttl", "text", (key) => cache.ttl(key)],
  ["scan", "text", (key) => Stream.runDrain(cache.scan(Glob.escape(key)))],
  ["a refused setIfAbsent", "text", (key) => cache.setIfAbsent(key, "other", { ttl: "2 hours" })],
  ["a refused setIfAbsent of the same value", "text", (key) => cache.setIfAbsent(key, "text", { ttl: "2 hours" })],
  ["a refused setIfAbsent without ttl", "text", (key) => cache.setIfAbsent(key, "other")],
  ["a compareAndDelete that does not match", "text", (key) => cache.compareAndDelete(key, "other")],
  ["a compareAndExpire that does not match", "text", (key) => cache.compareAndExpire(key, "other", "2 hours")],
  ["a getAndExpire by zero", "text", (key) => cache.getAndExpire(key, 0)],
  ["a compareAndExpire by zero", "text", (key) => cache.compareAndExpire(key, "text", 0)],
  ["an increment of what is no number", "text", (key) => cache.increment(key, 1, { ttl: "2 hours" })],
  ["a decrement of what is no number", "text", (key) => cache.decrement(key)],
  ["an increment out of range", large, (key) => cache.increment(key, 1, { ttl: "2 hours" })],
  ["a decrement out of range", `-${large}`, (key) => cache.decrement(key)],
  ["a set of a refused value", "text", (key) => cache.set(key, 5 as never, { ttl: "2 hours" })],
  ["an expire by a refused time to live", "text", (key) => cache.expire(key, -1)]
]

export const timeToLive: Chapter = {
  name: "time to live",
  laws: [
    law("set: without ttl the key never expires", function* ({ cache, time }) {
      yield* cache.set("key", "value")
      yield* cache.setMany([["many", "value"]])
      yield* cache.increment("count")
      yield* time.passLong
      for (const key of ["key", "many", "count"]) {
        assert.isTrue(yield* cache.exists(key))
        assert.strictEqual((yield* cache.ttl(key))._tag, "Persistent")
      }
    }),

    law(
      "every write: the key is live until its time to live has passed, and absent from then on",
      function* ({ cache, missing, time }) {
        const names = namesOf(missing)
        const written = yield* time.write(Effect.forEach(names, (name) => write(cache, name, time.ttl)))
        yield* time.nearEnd(written)
        yield* time.within(
          written,
          Effect.all(
            [
              ...names.map((name) =>
                Effect.gen(function* () {
                  assert.isTrue(Option.isSome(yield* cache.get(name)), name)
                  assert.isTrue(yield* cache.exists(name), name)
                  yield* time.remains(written, cache.ttl(name))
                })
              ),
              ...(missing.enumeration === undefined
                ? [
                    Effect.map(Stream.runCollect(cache.scan("*")), (keys) =>
                      assert.deepStrictEqual(new Set(keys), new Set<string>(names))
                    )
                  ]
                : [])
            ],
            // Side by side, so that a slow store gets every request before the keys expire.
            { concurrency: "unbounded" }
          )
        )
        yield* time.outlive(written)
        for (const name of names) {
          assert.isTrue(Option.isNone(yield* cache.get(name)), name)
          assert.isTrue(Option.isNone(yield* cache.getJson(name)), name)
          assert.isFalse(yield* cache.exists(name), name)
          if (missing.ttl === undefined) assert.strictEqual((yield* cache.ttl(name))._tag, "Missing", name)
        }
        assert.isTrue(Array.from((yield* cache.getMany(names)).values()).every(Option.isNone))
        if (missing.enumeration === undefined) assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), [])
      }
    ),

    law("an expired key is absent to every operation", function* ({ cache, missing, time }) {
      const keys = ["delete", "many", "pattern", "getAndDelete", "compare", "read", "expire", "setIfAbsent", "count"]
      const entries = keys.map((key) => [key, "7"] as const)
      yield* time.outlive(yield* time.write(cache.setMany(entries, { ttl: time.ttl })))
      assert.isFalse(yield* cache.delete("delete"), "delete")
      assert.strictEqual(yield* cache.deleteMany(["many"]), 0, "deleteMany")
      if (missing.enumeration === undefined) assert.strictEqual(yield* cache.deletePattern("patt*"), 0, "deletePattern")
      if (missing.getAndDelete === undefined)
        assert.deepStrictEqual(yield* cache.getAndDelete("getAndDelete"), Option.none(), "getAndDelete")
      if (missing.compareAndDelete === undefined)
        assert.isFalse(yield* cache.compareAndDelete("compare", "7"), "compareAndDelete")
      if (missing.getAndExpire === undefined)
        assert.deepStrictEqual(yield* cache.getAndExpire("read", "1 hour"), Option.none(), "getAndExpire")
      if (missing.compareAndExpire === undefined)
        assert.isFalse(yield* cache.compareAndExpire("read", "7", "1 hour"), "compareAndExpire")
      if (missing.expire === undefined) assert.isFalse(yield* cache.expire("expire", "1 hour"), "expire")
      assert.isFalse(yield* cache.exists("expire"), "exists")
      if (missing.setIfAbsent === undefined) {
        assert.isTrue(yield* cache.setIfAbsent("setIfAbsent", "new"), "setIfAbsent")
        if (missing.ttl === undefined) assert.strictEqual((yield* cache.ttl("setIfAbsent"))._tag, "Persistent")
      }
      if (missing.increment !== undefined) return
      const counting = Effect.map(cache.increment("count", 1, { ttl: hour }), (sum) => assert.strictEqual(sum, 1))
      yield* time.remains(yield* time.write(counting, hour), cache.ttl("count"))
    }),

    law("set: replaces the time to live", function* ({ cache, time }) {
      const first = yield* time.write(cache.set("key", "a", { ttl: time.ttl }))
      yield* time.within(first, cache.set("key", "b"))
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Persistent")
      yield* time.remains(yield* time.write(cache.set("key", "c", { ttl: hour }), hour), cache.ttl("key"))
      const replaced = yield* time.write(cache.set("key", "d", { ttl: time.ttl }))
      yield* time.within(replaced, cache.set("key", "e", { ttl: "2 hours" }))
      const many = yield* time.write(cache.setMany([["many", "a"]], { ttl: time.ttl }))
      yield* time.within(many, cache.setMany([["many", "b"]]))
      yield* time.outlive(many)
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "e")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("many")), "b")
      assert.strictEqual((yield* cache.ttl("many"))._tag, "Persistent")
    }),

    law("ttl: Missing, Persistent, or Expires with what remains", function* ({ cache, time }) {
      assert.deepStrictEqual(yield* cache.ttl("key"), TimeToLive.Missing())
      yield* cache.set("key", "value")
      assert.deepStrictEqual(yield* cache.ttl("key"), TimeToLive.Persistent())
      const written = yield* time.write(cache.set("key", "value", { ttl: hour }), hour)
      yield* time.remains(written, cache.ttl("key"))
      yield* time.pass(100)
      yield* time.remains(written, cache.ttl("key"))
    }),

    law("a time to live is any Duration.Input, a bare number is milliseconds", function* ({ cache, time }) {
      const inputs: ReadonlyArray<Duration.Input> = [
        "1 hour",
        3_600_000,
        Duration.minutes(60),
        [3_600, 0],
        { minutes: 60 },
        3_600_000_000_000n
      ]
      for (const ttl of inputs) {
        yield* time.remains(yield* time.write(cache.set("key", "value", { ttl }), hour), cache.ttl("key"))
      }
    }),

    law("a time to live is rounded up to whole milliseconds", function* ({ cache, time }) {
      for (const [ttl, millis] of [
        [59_999.1, 60_000],
        [Duration.nanos(60_000_000_001n), 60_001],
        [60_499.5, 60_500],
        [1_000_000_000_000_000_001n, 1_000_000_000_001]
      ] as const) {
        yield* time.remains(yield* time.write(cache.set("key", "value", { ttl }), millis), cache.ttl("key"))
        yield* time.remains(yield* time.write(expire(cache, "key", ttl), millis), cache.ttl("key"))
      }
      // A millisecond of a store's own clock may be over before a read, so only the write is judged.
      yield* cache.set("tiny", "value", { ttl: 0.001 })
      yield* cache.set("tiny", "value", { ttl: Duration.nanos(1n) })
    }),

    law("Duration.infinity means none", function* ({ cache }) {
      for (const name of names) {
        yield* write(cache, name, Duration.infinity)
        assert.strictEqual((yield* cache.ttl(name))._tag, "Persistent", name)
      }
    }),

    law("the longest time to live is 2^53 - 1 milliseconds", function* ({ cache, time }) {
      for (const name of names) {
        yield* time.remains(yield* time.write(write(cache, name, longest), longest), cache.ttl(name))
      }
      yield* time.remains(yield* time.write(expire(cache, "set", longest), longest), cache.ttl("set"))
    }),

    law(
      "zero or what is no time to live fails with InvalidArgument and leaves the old value and time to live",
      function* ({ cache, port, storedKey, time }) {
        const written = yield* time.write(cache.set("key", "5", { ttl: hour }), hour)
        const refused = [["zero", 0], ["zero as text", "0 seconds"], ...Hostile.notTimeToLive] as const
        for (const [kind, ttl] of refused) {
          for (const key of ["key", "absent"]) {
            for (const [name, operation] of Object.entries(writes(cache, key, ttl as Duration.Input))) {
              yield* failsWith("InvalidArgument", operation, `${name} with ${kind}`)
            }
          }
        }
        for (const options of [5, "5 minutes", null, true, ["5 minutes"], ...misspelt]) {
          for (const key of ["key", "absent"]) {
            for (const [name, operation] of Object.entries(writesWith(cache, key, options as never))) {
              yield* failsWith("InvalidArgument", operation, `${name} with ${JSON.stringify(options)}`)
            }
          }
          yield* failsWith("InvalidArgument", port.set(storedKey("absent"), "new", options as never))
        }
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "5")
        yield* time.remains(written, cache.ttl("key"))
        assert.isFalse(yield* cache.exists("absent"))
      }
    ),

    law("expire: gives a live key a new time to live, false when absent", function* ({ cache, time }) {
      assert.isFalse(yield* cache.expire("key", "1 hour"))
      assert.isFalse(yield* cache.exists("key"))
      yield* cache.set("key", "value")
      const longer = yield* time.write(cache.set("longer", "value", { ttl: time.ttl }))
      yield* time.within(longer, expire(cache, "longer", "1 hour"))
      const expiring = yield* time.write(expire(cache, "key", time.ttl))
      yield* time.nearEnd(expiring)
      assert.strictEqual(Option.getOrUndefined(yield* time.within(expiring, cache.get("key"))), "value")
      yield* time.within(expiring, time.remains(expiring, cache.ttl("key")))
      yield* time.outlive(expiring)
      assert.isFalse(yield* cache.exists("key"))
      assert.isTrue(yield* cache.exists("longer"))
    }),

    law("expire: a zero ttl deletes at once and answers true", function* ({ cache }) {
      yield* cache.set("key", "value")
      yield* cache.set("other", "value", { ttl: "1 hour" })
      assert.isTrue(yield* cache.expire("key", 0))
      assert.isTrue(yield* cache.expire("other", Duration.zero))
      assert.isFalse(yield* cache.exists("key"))
      assert.isFalse(yield* cache.exists("other"))
      assert.isFalse(yield* cache.expire("key", 0))
    }),

    law("expire: Duration.infinity lets the key never expire", function* ({ cache }) {
      yield* cache.set("key", "value", { ttl: "1 hour" })
      assert.isTrue(yield* cache.expire("key", Duration.infinity))
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Persistent")
      assert.isTrue(yield* cache.expire("key", Duration.infinity))
      assert.isFalse(yield* cache.expire("absent", Duration.infinity))
    }),

    law("expire: what is no time to live fails with InvalidArgument and changes nothing", function* ({ cache, time }) {
      const written = yield* time.write(cache.set("key", "value", { ttl: hour }), hour)
      for (const [kind, ttl] of [["undefined", undefined], ...Hostile.notTimeToLive] as const) {
        yield* failsWith("InvalidArgument", cache.expire("key", ttl as Duration.Input), `expire with ${kind}`)
      }
      yield* time.remains(written, cache.ttl("key"))
    }),

    law("a key that is read does not live longer", function* ({ cache, time }) {
      const written = yield* time.write(cache.set("key", "value", { ttl: time.ttl }))
      yield* time.nearEnd(written)
      yield* time.within(
        written,
        Effect.gen(function* () {
          yield* cache.get("key")
          yield* cache.getMany(["key"])
          yield* cache.exists("key")
          yield* time.remains(written, cache.ttl("key"))
        })
      )
      yield* time.outlive(written)
      assert.isFalse(yield* cache.exists("key"))
    }),

    law(
      "a time to live of no whole seconds, below one or above, is kept to the millisecond",
      function* ({ cache, time }) {
        for (const ttl of time.oddTtls) {
          const key = (name: string) => `${name} ${ttl}`
          yield* cache.set(key("expire"), "1")
          const written = yield* time.write(
            Effect.all(
              [...names.map((name) => writes(cache, key(name), ttl)[name]), expire(cache, key("expire"), ttl)],
              {
                concurrency: "unbounded"
              }
            ),
            ttl
          )
          yield* time.within(
            written,
            Effect.forEach([...names, "expire"], (name) => time.remains(written, cache.ttl(key(name)), key(name)), {
              concurrency: "unbounded"
            })
          )
        }
      }
    ),

    law(
      "set, setJson, setMany, expire: a shorter time to live replaces a longer one, also with the same value",
      function* ({ cache, time }) {
        const calls = replacing(cache, time.ttl)
        for (const before of ["1 hour", Duration.infinity] as const) {
          yield* cache.setMany(
            calls.map(([name]) => [name, "1"]),
            { ttl: before }
          )
          const written = yield* time.write(Effect.forEach(calls, ([, write]) => write))
          yield* time.within(
            written,
            Effect.forEach(calls, ([name]) => time.remains(written, cache.ttl(name), name), {
              concurrency: "unbounded"
            })
          )
        }
      }
    ),

    law("getAndExpire, compareAndExpire: the new time to live replaces the old one", function* ({ cache, time }) {
      for (const before of ["1 hour", Duration.infinity] as const) {
        const names = ["read", "compared"]
        yield* cache.setMany(
          names.map((name) => [name, "1"]),
          { ttl: before }
        )
        const written = yield* time.write(
          Effect.all([cache.getAndExpire("read", time.ttl), cache.compareAndExpire("compared", "1", time.ttl)])
        )
        yield* time.within(
          written,
          Effect.forEach(names, (name) => time.remains(written, cache.ttl(name), name), { concurrency: "unbounded" })
        )
        yield* time.outlive(written)
        for (const name of names) assert.isFalse(yield* cache.exists(name), name)
      }
    }),

    law("a read, and a write that changes nothing, leave a time to live as it is", function* ({ cache, time }) {
      const calls = idle(cache)
      const written = yield* time.write(
        Effect.forEach(calls, ([name, value]) => cache.set(name, value, { ttl: hour }), { concurrency: "unbounded" }),
        hour
      )
      yield* cache.setMany(calls.map(([name, value]) => [`persistent ${name}`, value]))
      // Longer than the clocks differ by, so that a key that lives longer from now on shows.
      yield* time.pass(50)
      for (const [name, value, run] of calls) {
        yield* Effect.exit(run(name))
        yield* Effect.exit(run(`persistent ${name}`))
        yield* time.remains(written, cache.ttl(name), name)
        assert.strictEqual((yield* cache.ttl(`persistent ${name}`))._tag, "Persistent", name)
        assert.strictEqual(Option.getOrUndefined(yield* cache.get(name)), value, name)
      }
    })
  ]
}
