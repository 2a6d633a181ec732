/** The contract examines itself: what is right passes every law, and each wrong cache breaks one. */
import { CacheContract } from "@hexcache/cache-contract"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { makeReference } from "../src/wrong/Reference.ts"
import { shelf } from "../src/wrong/shelf.ts"

const harness: CacheContract.Harness = { time: "TestClock" }

CacheContract.suite(
  "the right driver",
  Layer.sync(CachePort, () => CachePort.fromDriver(makeReference())),
  harness
)

describe("the shelf of wrong caches", () => {
  for (const wrong of shelf) {
    it(`${wrong.caughtBy} catches: ${wrong.name}`, async () => {
      const chapter = CacheContract.chapters.filter(({ name }) => name === wrong.caughtBy)
      assert.lengthOf(chapter, 1)
      const breaches = await Effect.runPromise(CacheContract.breaches(wrong.layer, harness, chapter))
      assert.isNotEmpty(breaches)
    })
  }

  it("has a wrong cache for every chapter", () => {
    assert.deepStrictEqual(
      new Set(shelf.map(({ caughtBy }) => caughtBy)),
      new Set(CacheContract.chapters.map(({ name }) => name))
    )
  })
})
