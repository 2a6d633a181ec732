import { Effect, Option } from "effect"
import { assert } from "vitest"
import { type Chapter, failsWith, law } from "../Law.ts"

const safe = Number.MAX_SAFE_INTEGER

const hour = 3_600_000

export const counters: Chapter = {
  name: "counters",
  laws: [
    law("increment, decrement: an absent key counts from 0, by 1 unless given", function* ({ cache }) {
      assert.strictEqual(yield* cache.increment("up"), 1)
      assert.strictEqual(yield* cache.increment("up", 5), 6)
      assert.strictEqual(yield* cache.increment("up", -10), -4)
      assert.strictEqual(yield* cache.decrement("down"), -1)
      assert.strictEqual(yield* cache.decrement("down", 5), -6)
      assert.strictEqual(yield* cache.decrement("down", -10), 4)
      assert.strictEqual(yield* cache.increment("still", 0), 0)
      assert.strictEqual(yield* cache.increment("zero", -0), 0)
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("up")), "-4")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("still")), "0")
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("zero")), "0")
    }),

    law("increment, decrement: count on a text that set wrote", function* ({ cache }) {
      for (const [text, sum] of [
        ["0", 1],
        ["41", 42],
        ["-1", 0],
        [String(-safe), -safe + 1]
      ] as const) {
        yield* cache.set("key", text)
        assert.strictEqual(yield* cache.increment("key"), sum)
        assert.strictEqual(yield* cache.decrement("key"), Number(text))
      }
    }),

    law(
      "increment: ttl is set only when this call creates the key; an existing time to live stays",
      function* ({ cache, time }) {
        yield* cache.set("forever", "5")
        assert.strictEqual(yield* cache.increment("forever", 1, { ttl: time.ttl }), 6)
        assert.strictEqual(yield* cache.decrement("forever", 1, { ttl: time.ttl }), 5)
        assert.strictEqual((yield* cache.ttl("forever"))._tag, "Persistent")
        const opening = Effect.map(cache.increment("window", 1, { ttl: time.ttl }), (sum) => assert.strictEqual(sum, 1))
        const window = yield* time.write(opening)
        yield* time.nearEnd(window)
        yield* time.within(
          window,
          Effect.gen(function* () {
            assert.strictEqual(yield* cache.increment("window", 1, { ttl: "1 hour" }), 2)
            assert.strictEqual(yield* cache.increment("window"), 3)
            assert.strictEqual(yield* cache.decrement("window"), 2)
            yield* time.remains(window, cache.ttl("window"))
          })
        )
        yield* time.outlive(window)
        assert.isFalse(yield* cache.exists("window"))
        assert.isTrue(yield* cache.exists("forever"))
      }
    ),

    law("increment: what is no canonical 64-bit decimal fails with WrongType and stays", function* ({ cache }) {
      const texts = [
        "",
        " ",
        "abc",
        "05",
        " 5",
        "5 ",
        "+5",
        "-0",
        "--5",
        "1.0",
        "1e3",
        "0x10",
        "5n",
        "1_000",
        "Infinity",
        "NaN",
        "٣",
        "5\0",
        "5\n",
        "-",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999"
      ]
      for (const text of texts) {
        yield* cache.set("key", text, { ttl: "1 hour" })
        yield* failsWith("WrongType", cache.increment("key"), `increment of ${JSON.stringify(text)}`)
        yield* failsWith("WrongType", cache.decrement("key", 5), `decrement of ${JSON.stringify(text)}`)
        assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), text)
        assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
      }
    }),

    law(
      "increment: a result outside ±(2^53 - 1) fails with OutOfRange and the stored value is unchanged",
      function* ({ cache }) {
        assert.strictEqual(yield* cache.increment("up", safe), safe)
        assert.strictEqual(yield* cache.decrement("down", safe), -safe)
        const cases: ReadonlyArray<readonly [text: string, amount: number]> = [
          [String(safe), 1],
          [String(safe), safe],
          [String(-safe), -1],
          ["9007199254740992", 0],
          ["9007199254740993", -1],
          ["-9007199254740993", 1],
          ["9223372036854775807", 1],
          ["9223372036854775807", -1],
          ["-9223372036854775808", -1],
          ["-9223372036854775808", safe]
        ]
        for (const [text, amount] of cases) {
          yield* cache.set("key", text, { ttl: "1 hour" })
          yield* failsWith("OutOfRange", cache.increment("key", amount), `${text} + ${amount}`)
          yield* failsWith("OutOfRange", cache.decrement("key", -amount), `${text} - ${-amount}`)
          assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), text)
          assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
        }
      }
    ),

    law("increment: no digit of a larger stored number is lost", function* ({ cache }) {
      yield* cache.set("key", "9007199254740993")
      assert.strictEqual(yield* cache.decrement("key", 2), safe)
      yield* cache.set("key", "-9007199254740995")
      assert.strictEqual(yield* cache.increment("key", 5), -9_007_199_254_740_990)
    }),

    law("increment: what is no safe integer fails with InvalidArgument and changes nothing", function* ({ cache }) {
      yield* cache.set("key", "5")
      const amounts = [
        0.5,
        Number.NaN,
        Infinity,
        -Infinity,
        2 ** 53,
        -(2 ** 53),
        1e300,
        "1",
        "",
        null,
        1n,
        true,
        {},
        []
      ]
      for (const amount of amounts) {
        for (const key of ["key", "absent"]) {
          yield* failsWith("InvalidArgument", cache.increment(key, amount as number), `increment by ${String(amount)}`)
          yield* failsWith("InvalidArgument", cache.decrement(key, amount as number), `decrement by ${String(amount)}`)
        }
      }
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "5")
      assert.isFalse(yield* cache.exists("absent"))
    }),

    law(
      "increment, decrement: ttl is set by the call that creates the key, by whatever amount",
      function* ({ cache, time }) {
        for (const amount of [0, 1, 5, -1, -5]) {
          for (const [name, count] of [
            ["increment", cache.increment],
            ["decrement", cache.decrement]
          ] as const) {
            const key = `${name} by ${amount}`
            const written = yield* time.write(count(key, amount, { ttl: hour }), hour)
            yield* time.remains(written, cache.ttl(key), key)
          }
        }
      }
    ),

    law("increment, decrement: a counter at 0 is there, and its time to live stays", function* ({ cache, time }) {
      for (const amount of [0, 3]) {
        const key = `forever ${amount}`
        yield* cache.set(key, String(-amount))
        assert.strictEqual(yield* cache.increment(key, amount, { ttl: hour }), 0)
        assert.strictEqual(yield* cache.increment(key, 1, { ttl: hour }), 1)
        assert.strictEqual((yield* cache.ttl(key))._tag, "Persistent", `a counter at 0, counted on by ${amount}`)
      }
      const window = yield* time.write(cache.increment("window", 1, { ttl: hour }), hour)
      yield* time.pass(50)
      assert.strictEqual(yield* cache.decrement("window", 1, { ttl: hour }), 0)
      assert.strictEqual(yield* cache.increment("window", 1, { ttl: hour }), 1)
      assert.strictEqual(yield* cache.decrement("window", 1, { ttl: hour }), 0)
      assert.isTrue(yield* cache.exists("window"))
      yield* time.remains(window, cache.ttl("window"), "a counter that came back to 0")
    })
  ]
}
