import { Option } from "effect"
import { assert } from "vitest"
import { type Chapter, law } from "../Law.ts"

export const conditionalWrites: Chapter = {
  name: "conditional writes",
  laws: [
    law("setIfAbsent: sets and answers true when the key is absent, else changes nothing", function* ({ cache }) {
      assert.isTrue(yield* cache.setIfAbsent("key", "first"))
      assert.isFalse(yield* cache.setIfAbsent("key", "second", { ttl: "1 hour" }))
      assert.strictEqual(Option.getOrUndefined(yield* cache.get("key")), "first")
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Persistent")
      yield* cache.set("empty", "")
      assert.isFalse(yield* cache.setIfAbsent("empty", "value"))
      yield* cache.delete("key")
      assert.isTrue(yield* cache.setIfAbsent("key", "third", { ttl: "1 hour" }))
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
      assert.isFalse(yield* cache.setIfAbsent("key", "fourth"))
      assert.strictEqual((yield* cache.ttl("key"))._tag, "Expires")
    }),

    law("getAndDelete: reads and removes", function* ({ cache }) {
      assert.deepStrictEqual(yield* cache.getAndDelete("key"), Option.none())
      yield* cache.set("key", "value", { ttl: "1 hour" })
      yield* cache.set("empty", "")
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndDelete("key")), "value")
      assert.strictEqual(Option.getOrUndefined(yield* cache.getAndDelete("empty")), "")
      assert.deepStrictEqual(yield* cache.getAndDelete("key"), Option.none())
      assert.isFalse(yield* cache.exists("empty"))
    }),

    law("compareAndDelete: releases a lock only for its owner", function* ({ cache }) {
      assert.isFalse(yield* cache.compareAndDelete("lock", "me"))
      assert.isTrue(yield* cache.setIfAbsent("lock", "me", { ttl: "1 hour" }))
      for (const other of ["you", "", "m", "me ", "ME", "me\0"]) {
        assert.isFalse(yield* cache.compareAndDelete("lock", other), JSON.stringify(other))
      }
      assert.isTrue(yield* cache.exists("lock"))
      assert.isTrue(yield* cache.compareAndDelete("lock", "me"))
      assert.isFalse(yield* cache.exists("lock"))
      assert.isFalse(yield* cache.compareAndDelete("lock", "me"))
      yield* cache.set("empty", "")
      assert.isTrue(yield* cache.compareAndDelete("empty", ""))
    })
  ]
}
