import { assert, describe, it } from "@effect/vitest"
import type { Codec } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Effect } from "effect"
import { setup, usual } from "../support/Database.ts"

/** Writes a text backwards, after a mark. */
const backwards: Codec = {
  encode: (text) => `backwards ${Array.from(text).reverse().join("")}`,
  decode: (written) => {
    if (!written.startsWith("backwards ")) return written
    const text = Array.from(written.slice("backwards ".length)).reverse().join("")
    return text.startsWith("[") ? text : undefined
  }
}

const throwing: Codec = {
  encode: () => {
    throw new Error("by the test")
  },
  decode: () => {
    throw new Error("by the test")
  }
}

/** The only entry in a store. */
const entryIn = ({ entries }: ReturnType<typeof setup>["store"]): readonly [string, string] => {
  const found = Array.from(entries).filter(([, { value }]) => value.length > 40)
  assert.strictEqual(found.length, 1)
  return found.map(([name, { value }]) => [name, value] as const)[0] ?? ["", ""]
}

describe("Cached with a codec", () => {
  it.effect("a codec encodes the entries that are written, and decodes those that are read", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), codec: backwards })
    return Effect.gen(function* () {
      yield* users.get(1)
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      assert.deepStrictEqual((yield* users.getMany([1])).get(1), db.user(1))
      assert.deepStrictEqual(db.lookups, [1])
      assert.isTrue(entryIn(store)[1].startsWith("backwards "))
    }).pipe(run)
  })

  it.effect("a codec reads entries from before it; without it its entries are misses, and replaced", () => {
    const { db, run, store } = setup()
    const before = Cached.make(usual(db))
    const users = Cached.make({ ...usual(db), codec: backwards })
    return Effect.gen(function* () {
      yield* before.get(1)
      yield* users.get(1)
      assert.deepStrictEqual(db.lookups, [1])
      yield* users.refresh(1)
      assert.isTrue(entryIn(store)[1].startsWith("backwards "))
      assert.deepStrictEqual(yield* before.get(1), db.user(1))
      assert.deepStrictEqual(db.lookups, [1, 1, 1])
      assert.isTrue(entryIn(store)[1].startsWith("["))
    }).pipe(run)
  })

  it.effect("an entry that the codec cannot read is a miss", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), codec: backwards })
    return Effect.gen(function* () {
      yield* users.get(1)
      const [name, written] = entryIn(store)
      store.entries.set(name, { value: written.slice(0, -1), end: Infinity })
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      assert.deepStrictEqual(db.lookups, [1, 1])
      assert.deepStrictEqual(entryIn(store)[1].length, written.length)
    }).pipe(run)
  })

  it.effect("a codec that throws loses no value", () => {
    const { db, run, store } = setup()
    const users = Cached.make({ ...usual(db), codec: throwing })
    return Effect.gen(function* () {
      yield* users.set(1, db.user(1))
      assert.isTrue(entryIn(store)[1].startsWith("["))
      assert.deepStrictEqual(yield* users.get(1), db.user(1))
      assert.deepStrictEqual(db.lookups, [1])
    }).pipe(run)
  })
})
