import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { SieveCache, SieveEntry } from "../../src/near/SieveCache.ts"
import { randomFrom } from "../storm/random.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

const entry = (key: string, value = "value") => new SieveEntry(key, value, Number.POSITIVE_INFINITY)

const valueOf = (entries: SieveCache, key: string): string | undefined => entries.get("", key)?.value

const read = (entry: SieveEntry | undefined): void => {
  if (entry !== undefined) entry.visited = true
}

describe("SieveCache", () => {
  it("hold no more entries than allowed, and the newest is among them", () => {
    const entries = new SieveCache({ maxEntries: 10, maxBytes: Number.POSITIVE_INFINITY })
    for (let index = 0; index < 100; index++) {
      entries.add(entry(`key-${index}`))
      assert.isAtMost(entries.size, 10)
      assert.strictEqual(valueOf(entries, `key-${index}`), "value")
    }
  })

  it("keep no long text alive that a key was cut from", () => {
    const heap = () => {
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const entries = new SieveCache({ maxEntries: 100, maxBytes: Number.POSITIVE_INFINITY })
    const before = heap()
    for (let index = 0; index < 30; index++) {
      entries.add(entry(`${index}`.padStart(10, "-").repeat(100_000).slice(10, 110)))
    }
    assert.isBelow(heap() - before, 10_000_000)
    assert.strictEqual(entries.size, 30)
  })

  it("count keys and values in bytes of UTF-8, absent values as none", () => {
    const entries = new SieveCache({ maxEntries: 10, maxBytes: 100 })
    entries.add(entry("ключ", "日本"))
    assert.strictEqual(entries.bytes, 8 + 6)
    entries.add(new SieveEntry("absent", undefined, Number.POSITIVE_INFINITY))
    assert.strictEqual(entries.bytes, 8 + 6 + 6)
    entries.delete("ключ")
    assert.strictEqual(entries.bytes, 6)
  })

  it("hold no more bytes than allowed, and nothing that alone is larger", () => {
    const entries = new SieveCache({ maxEntries: 100, maxBytes: 50 })
    entries.add(entry("a", "x".repeat(30)))
    entries.add(entry("b", "x".repeat(30)))
    assert.isUndefined(entries.get("", "a"))
    assert.isDefined(entries.get("", "b"))
    entries.add(entry("b", "x".repeat(50)))
    assert.strictEqual(entries.size, 0)
    assert.strictEqual(entries.bytes, 0)
  })

  it("keep what is read while others pass by once", () => {
    const entries = new SieveCache({ maxEntries: 10, maxBytes: Number.POSITIVE_INFINITY })
    for (let index = 0; index < 5; index++) entries.add(entry(`hot-${index}`))
    for (let index = 0; index < 1_000; index++) {
      read(entries.get("", `hot-${index % 5}`))
      entries.add(entry(`cold-${index}`))
    }
    for (let index = 0; index < 5; index++) assert.isDefined(entries.get("", `hot-${index}`), `hot-${index}`)
  })

  it("are the same behind whatever prefix they are asked for, and gone behind every one", () => {
    const entries = new SieveCache({ maxEntries: 2, maxBytes: Number.POSITIVE_INFINITY })
    const splits = ["", "a:", "a:b:"].map((prefix) => [prefix, "a:b:key".slice(prefix.length)] as const)
    const found = () => splits.map(([prefix, key]) => entries.get(prefix, key)?.value)
    entries.add(entry("a:b:key", "first"))
    assert.deepStrictEqual(found(), ["first", "first", "first"])
    entries.add(entry("a:b:key", "second"))
    assert.deepStrictEqual(found(), ["second", "second", "second"])
    entries.delete("a:b:key")
    assert.deepStrictEqual(found(), [undefined, undefined, undefined])
    entries.add(entry("a:b:key", "third"))
    assert.deepStrictEqual(found(), ["third", "third", "third"])
    entries.add(entry("a:b:other"))
    assert.isDefined(entries.get("a:", "b:other"))
    entries.clear()
    assert.isUndefined(entries.get("a:", "b:other"))
    assert.deepStrictEqual(found(), [undefined, undefined, undefined])
  })

  it("stay whole under any order of additions, reads, removals and clearings", () => {
    const random = randomFrom(1)
    const entries = new SieveCache({ maxEntries: 7, maxBytes: 60 })
    const last = new Map<string, string>()
    /** By any prefix, as ports of several namespaces ask. */
    const find = (key: string) => {
      const at = random.below(3)
      return entries.get(key.slice(0, at), key.slice(at))
    }
    for (let step = 0; step < 50_000; step++) {
      const key = `k${random.below(20)}`
      const dice = random.below(1_000)
      if (dice < 500) {
        const value = "x".repeat(random.below(25))
        last.set(key, value)
        entries.add(entry(key, value))
      } else if (dice < 800) read(find(key))
      else if (dice < 999) entries.delete(key)
      else entries.clear()
      const held = Array.from(last.keys()).filter((key) => find(key) !== undefined)
      assert.strictEqual(entries.size, held.length)
      assert.strictEqual(
        entries.bytes,
        held.reduce((bytes, key) => bytes + key.length + (last.get(key) as string).length, 0)
      )
      for (const key of held) assert.strictEqual(find(key)?.value, last.get(key))
      assert.isAtMost(entries.size, 7)
      assert.isAtMost(entries.bytes, 60)
    }
  })
})
