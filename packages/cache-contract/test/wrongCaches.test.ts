/** The contract examines itself: a right cache passes every law, and each wrong cache breaks one. */
import { CacheContract } from "@hexcache/cache-contract"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Layer, Option } from "effect"
import { assert, describe, it } from "vitest"
import { fakeLockable, fakeStore } from "./wrong/FakeStore.ts"
import { rightLayers } from "./wrong/layers.ts"
import { makeReference } from "./wrong/Reference.ts"
import type { WrongCache } from "./wrong/WrongCache.ts"
import { wrongCaches } from "./wrong/wrongCaches.ts"

const right = Layer.sync(CachePort, () => CachePort.fromDriver(makeReference()))

const inTestTime: CacheContract.Harness = { time: "TestClock" }
const inRealTime: CacheContract.Harness = { time: "real" }

CacheContract.suite("the right driver", right, { ...inTestTime, layerWithNamespace: rightLayers() })
CacheContract.suite("the right driver in real time", right, {
  ...inRealTime,
  scale: false,
  store: fakeStore(() => ({})),
  lockable: fakeLockable(() => ({}))
})

/** The chapter of this name, or the one law of this name, in its chapter. */
const lawsNamed = (wanted: string): ReadonlyArray<CacheContract.Chapter> =>
  CacheContract.chapters.flatMap((chapter) => {
    if (chapter.name === wanted) return [chapter]
    const laws = chapter.laws.filter(({ name }) => name === wanted)
    return laws.length === 0 ? [] : [{ name: chapter.name, laws }]
  })

/** Expects that a wrong cache breaks the law that must catch it, or a law of the chapter that must. */
const catches = async (
  { caughtBy, layer, layerWithNamespace }: WrongCache,
  harness: CacheContract.Harness
): Promise<void> => {
  const among = lawsNamed(caughtBy)
  assert.lengthOf(among, 1)
  const breach = await Effect.runPromise(CacheContract.firstBreach(layer, { ...harness, layerWithNamespace }, among))
  assert.isTrue(Option.isSome(breach))
}

describe("wrong caches", { timeout: 180_000 }, () => {
  for (const wrong of wrongCaches.filter(({ lockable, store }) => (lockable ?? store) === undefined)) {
    it(`${wrong.caughtBy} catches: ${wrong.name}`, () => catches(wrong, inTestTime))
  }

  it("Every chapter has a wrong cache", () => {
    assert.deepStrictEqual(
      new Set(wrongCaches.flatMap(({ caughtBy }) => lawsNamed(caughtBy).map(({ name }) => name))),
      new Set(CacheContract.chapters.map(({ name }) => name))
    )
  })
})

// Generous, for a busy machine: a wrong cache is caught as soon as it breaks one law.
describe.concurrent("wrong caches in real time", { timeout: 180_000 }, () => {
  for (const wrong of wrongCaches) {
    const { lockable, store } = wrong
    if (lockable !== undefined || store !== undefined) {
      it(`${wrong.caughtBy} catches: ${wrong.name}`, () => catches(wrong, { time: "real", store, lockable }))
    } else if (wrong.isOfOneMillisecond !== true && ["time to live", "counters"].includes(wrong.caughtBy)) {
      it(`${wrong.caughtBy} catches in real time: ${wrong.name}`, () => catches(wrong, inRealTime))
    }
  }
})
