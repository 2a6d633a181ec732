import { CachePort, CacheStats } from "@hexcache/cache-port"
import { Context, Effect, Layer, Option, Stream } from "effect"
import { assert } from "vitest"
import { type Chapter, failsWith, law } from "../Law.ts"

/** Names that would reach into each other if nothing were escaped or encoded. */
const names = ["a", "ab", "a*", "a?", "[ab]", "a:b", "a%3Ab", "\\a", "A", "*", "é", "__proto__"]

export const isolation: Chapter = {
  name: "isolation of namespaces",
  laws: [
    law("the same key in two namespaces is two keys", function* ({ cache }) {
      const spaces = names.map((name) => [name, CachePort.namespaced(cache, name)] as const)
      for (const [name, space] of spaces) yield* space.set("key", name)
      for (const [name, space] of spaces) {
        assert.strictEqual(Option.getOrUndefined(yield* space.get("key")), name)
        assert.deepStrictEqual(yield* Stream.runCollect(space.scan("*")), ["key"], name)
      }
      assert.isFalse(yield* cache.exists("key"))
    }),

    law("flush: removes this namespace's keys and nobody else's", function* ({ cache }) {
      const spaces = names.map((name) => [name, CachePort.namespaced(cache, name)] as const)
      yield* cache.set("outer", "stays")
      for (const [flushed, space] of spaces) {
        for (const [, each] of spaces)
          yield* each.setMany([
            ["key", "value"],
            ["other", "value"]
          ])
        assert.isUndefined(yield* space.flush)
        for (const [name, each] of spaces) {
          assert.strictEqual(yield* each.exists("key"), name !== flushed, `flush of ${flushed} and ${name}`)
          assert.strictEqual(yield* each.exists("other"), name !== flushed, `flush of ${flushed} and ${name}`)
        }
      }
      assert.isTrue(yield* cache.exists("outer"))
    }),

    law("deletePattern, scan: a namespace in front of a pattern is always escaped", function* ({ cache }) {
      const spaces = names.map((name) => [name, CachePort.namespaced(cache, name)] as const)
      for (const [, space] of spaces) yield* space.set("key", "value")
      for (const [name, space] of spaces) {
        assert.strictEqual(yield* space.deletePattern("*"), 1, name)
        assert.isFalse(yield* space.exists("key"), name)
      }
    }),

    law("a namespace within a namespace belongs to the outer one", function* ({ cache }) {
      const inner = CachePort.namespaced(CachePort.namespaced(cache, "outer"), "inner")
      yield* inner.set("key", "value")
      assert.deepStrictEqual(yield* Stream.runCollect(inner.scan("*")), ["key"])
      assert.deepStrictEqual(yield* Stream.runCollect(cache.scan("*")), ["outer:inner:key"])
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("outer:inner:key")), "value")
      yield* CachePort.namespaced(cache, "outer").flush
      assert.isFalse(yield* inner.exists("key"))
    }),

    law("no part of a key reaches into another namespace", function* ({ cache }) {
      yield* CachePort.namespaced(cache, "a").set("b:key", "value")
      assert.isFalse(yield* CachePort.namespaced(cache, "a:b").exists("key"))
      yield* CachePort.namespaced(cache, "a:b").set("key", "value")
      yield* CachePort.namespaced(cache, "a").flush
      assert.isTrue(yield* CachePort.namespaced(cache, "a:b").exists("key"))
    }),

    law("a namespace works on a port that no driver stands behind", function* ({ cache }) {
      const foreign = CachePort.of({ ...cache })
      const space = CachePort.namespaced(foreign, "a*")
      yield* space.setMany(
        [
          ["key", "1"],
          ["other", "2"]
        ],
        { ttl: "1 hour" }
      )
      yield* foreign.set("ab:key", "stays")
      assert.strictEqual(yield* space.increment("key"), 2)
      assert.deepStrictEqual(Array.from(yield* space.getMany(["other", "absent"])), [
        ["other", Option.some("2")],
        ["absent", Option.none()]
      ])
      assert.deepStrictEqual(new Set(yield* Stream.runCollect(space.scan("*"))), new Set(["key", "other"]))
      assert.isTrue(yield* space.expire("key", "Infinity"))
      assert.strictEqual((yield* space.ttl("key"))._tag, "Persistent")
      yield* space.set("text", "a")
      const error = yield* failsWith("WrongType", space.increment("text"))
      assert.strictEqual(error.key, "text")
      yield* space.flush
      assert.deepStrictEqual(yield* Stream.runCollect(foreign.scan("*")), ["ab:key"])
    }),

    law(
      "two layers of one store with different namespaces see none of each other's keys, and flush none",
      function* ({ harness }) {
        const layerWithNamespace = harness.layerWithNamespace as NonNullable<typeof harness.layerWithNamespace>
        const base = `contract-${Math.random().toString(36).slice(2)}`
        const namespaces = [base, `${base}b`, `${base}*`, base.toUpperCase(), `${base}-${"long".repeat(20)}`]
        const layers = yield* Effect.forEach([...namespaces, `${base}-${"long".repeat(20)}r`], (namespace) =>
          Effect.map(
            Layer.build(layerWithNamespace(namespace)),
            (context) => [namespace, Context.get(context, CachePort)] as const
          )
        )
        for (const [namespace, layer] of layers) {
          yield* layer.setMany([
            ["key", namespace],
            ["count", "1"],
            [`only ${namespace}`, "value"]
          ])
        }
        for (const [namespace, layer] of layers) {
          assert.strictEqual(Option.getOrUndefined(yield* layer.get("key")), namespace, `get with ${namespace}`)
          assert.strictEqual(yield* layer.increment("count"), 2, `increment with ${namespace}`)
          const found = (yield* Stream.runCollect(layer.scan("*"))).toSorted()
          assert.deepStrictEqual(found, ["count", "key", `only ${namespace}`], `scan with ${namespace}`)
        }
        for (const [index, [namespace, layer]] of layers.entries()) {
          if (index % 2 === 0) yield* layer.flush
          else assert.strictEqual(yield* layer.deletePattern("*"), 3, `deletePattern with ${namespace}`)
          for (const [later, [other, beside]] of layers.entries()) {
            const subject = `a key of ${other}, once the layers up to ${namespace} are empty`
            assert.strictEqual(yield* beside.exists("key"), later > index, subject)
          }
          assert.deepStrictEqual(
            yield* Stream.runCollect(layer.scan("*")),
            [],
            `scan of ${namespace} after it is empty`
          )
        }
      },
      (harness) => harness.layerWithNamespace !== undefined
    ),

    law("an error names the caller's key, without the namespace", function* ({ cache }) {
      const space = CachePort.namespaced(cache, "space")
      yield* space.set("key", "text")
      const error = yield* failsWith("WrongType", space.increment("key"))
      assert.strictEqual(error.key, "key")
      assert.strictEqual(error.operation, "increment")
      assert.notInclude(error.message, "space")
    }),

    law("a namespace that is no text fails with InvalidArgument in every operation", function* ({ cache }) {
      for (const name of [undefined, 5, null, {}, "\ud800", "n".repeat(1_025)]) {
        const space = CachePort.namespaced(cache, name as string)
        yield* failsWith("InvalidArgument", space.get("key"))
        yield* failsWith("InvalidArgument", space.flush)
        yield* failsWith("InvalidArgument", Stream.runDrain(space.scan("*")))
      }
    }),

    law("CacheStats counts hits, misses and errors of each namespace", function* ({ cache }) {
      // One name for every run: a process counts no more than 1,000 namespaces apart.
      const name = "counted-by-the-contract"
      const before = yield* CacheStats.of(name)
      const space = CachePort.namespaced(CachePort.of({ ...cache }), name)
      yield* space.set("key", "text")
      yield* space.get("key")
      yield* space.get("absent")
      yield* space.getMany(["key", "absent", "absent too"])
      yield* space.getJson("absent")
      yield* space.getAndDelete("key")
      yield* space.set("key", "text")
      yield* failsWith("WrongType", space.increment("key"))
      yield* failsWith("InvalidValue", space.getJson("key"))
      yield* failsWith("InvalidArgument", space.get(""))
      const after = yield* CacheStats.of(name)
      const counted = [after.hits - before.hits, after.misses - before.misses, after.errors - before.errors]
      assert.deepStrictEqual(counted, [3, 4, 2], "hits, misses and errors")
      assert.strictEqual(after.hitRate, after.hits / (after.hits + after.misses))
      assert.deepStrictEqual((yield* CacheStats.all).get(name), after)
    })
  ]
}
