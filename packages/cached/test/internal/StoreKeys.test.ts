import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { setup } from "../support/Database.ts"

const long = "k".repeat(70_000)
const keys = ["a", long, "b", "c", "d"]

/** So that a failure can be read. */
const short = (texts: Iterable<string>) => Array.from(texts, (text) => text.slice(0, 9))

/** A `Cached` that notes what it looks up. */
const setupEcho = (tagsOf: (value: string) => ReadonlyArray<string> = () => []) => {
  const lookups: Array<string> = []
  const echo = Cached.make({
    namespace: "echo",
    schema: Schema.String,
    lookup: (key: string) => Effect.sync(() => lookups.push(key)).pipe(Effect.as(key)),
    ttl: "5 minutes",
    tags: tagsOf
  })
  return { ...setup(), echo, lookups }
}

describe("Cached: refused keys and tags", () => {
  it.effect("a refused key keeps no other key of a getMany from the cache", () => {
    const { echo, lookups, run } = setupEcho()
    return Effect.gen(function* () {
      assert.deepStrictEqual(short((yield* echo.getMany(keys)).values()), short(keys))
      assert.deepStrictEqual(short(lookups.splice(0)), short(keys))
      assert.deepStrictEqual(short((yield* echo.getMany(keys)).values()), short(keys))
      assert.deepStrictEqual(short(lookups), short([long]))
    }).pipe(run)
  })

  it.effect("a refused tag of one value keeps no other value of a getMany from the cache", () => {
    const { echo, lookups, run } = setupEcho((value) => (value === "b" ? ["t", long] : ["t"]))
    return Effect.gen(function* () {
      yield* echo.getMany(["a", "b", "c"])
      assert.deepStrictEqual(lookups.splice(0), ["a", "b", "c"])
      yield* TestClock.adjust(1)
      yield* echo.getMany(["a", "b", "c"])
      assert.deepStrictEqual(lookups, ["b"])
    }).pipe(run)
  })

  it.effect("a refused key keeps no other key of a setMany from the cache", () => {
    const { echo, lookups, run } = setupEcho((value) => (value === "new b" ? ["t", long] : ["t"]))
    return Effect.gen(function* () {
      yield* echo.getMany(["a", "b", "c"])
      lookups.splice(0)
      yield* echo.setMany(keys.map((key) => [key, `new ${key}`]))
      assert.deepStrictEqual(short((yield* echo.getMany(keys)).values()), [
        "new a",
        ...short([long]),
        "b",
        "new c",
        "new d"
      ])
      assert.deepStrictEqual(short(lookups), short([long, "b"]))
    }).pipe(run)
  })
})
