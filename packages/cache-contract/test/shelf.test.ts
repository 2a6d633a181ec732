/** The contract examines itself: what is right passes every law, and each wrong cache breaks one. */
import { CacheContract } from "@hexcache/cache-contract"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { fakeStore } from "../src/wrong/FakeStore.ts"
import { makeReference } from "../src/wrong/Reference.ts"
import { shelf } from "../src/wrong/shelf.ts"

const harness: CacheContract.Harness = { time: "TestClock" }

CacheContract.suite(
  "the right driver",
  Layer.sync(CachePort, () => CachePort.fromDriver(makeReference())),
  harness
)

it("the right driver of a store with a server keeps the laws of failure and shutdown", {
  timeout: 60_000
}, async () => {
  const breaches = await Effect.runPromise(
    CacheContract.breaches(
      Layer.sync(CachePort, () => CachePort.fromDriver(makeReference())),
      { time: "real", store: fakeStore(() => ({})) },
      CacheContract.chapters.filter(({ takesTime }) => takesTime === true)
    )
  )
  assert.deepStrictEqual(breaches, [])
})

describe("the shelf of wrong caches", { timeout: 60_000 }, () => {
  for (const wrong of shelf) {
    const { layer, store } = wrong
    const test = store === undefined ? it : it.concurrent
    test(`${wrong.caughtBy} catches: ${wrong.name}`, async () => {
      const chapter = CacheContract.chapters.filter(({ name }) => name === wrong.caughtBy)
      assert.lengthOf(chapter, 1)
      const examined = store === undefined ? harness : ({ time: "real", store } as const)
      const breaches = await Effect.runPromise(CacheContract.breaches(layer, examined, chapter))
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
