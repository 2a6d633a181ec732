import { CacheContract } from "@hexcache/cache-contract"
import { CachePort, DriverFailure, Unsupported, unsupported } from "@hexcache/cache-port"
import { Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { describeLeftOut } from "../src/LeftOut.ts"
import { makeReference } from "./wrong/Reference.ts"

const why = "the store does not do this"

/** The right driver on a store that has only what every store must have. */
const plain = Layer.sync(CachePort, () =>
  CachePort.fromDriver({
    ...makeReference(),
    ...unsupported({
      enumeration: why,
      ttl: why,
      expire: why,
      setIfAbsent: why,
      getAndDelete: why,
      compareAndDelete: why,
      getAndExpire: why,
      compareAndExpire: why,
      increment: why,
      atomicBatches: why
    })
  })
)

/** The right driver on a store whose counters only grow. */
const growing = Layer.sync(CachePort, () => {
  const { increment, ...right } = makeReference()
  return CachePort.fromDriver({
    ...right,
    ...unsupported({ negativeAmounts: why }),
    increment: (key, amount, ttl) =>
      amount < 0 ? Effect.fail(new DriverFailure(new Unsupported({ message: why }))) : increment(key, amount, ttl)
  })
})

const harness: CacheContract.Harness = { time: "TestClock", scale: false }

describe("the contract of a driver that declares what its store lacks", { timeout: 180_000 }, () => {
  for (const [name, layer] of [
    ["everything that may be missing", plain],
    ["counting down", growing]
  ] as const) {
    it(`A right driver without ${name} breaks no law`, async () => {
      assert.deepStrictEqual(await Effect.runPromise(CacheContract.breaches(layer, harness)), [])
    })
  }

  it("A driver that declares something is still examined by the laws that do not need it", async () => {
    const wrong = Layer.sync(CachePort, () => {
      const right = makeReference()
      return CachePort.fromDriver({
        ...right,
        ...unsupported({ ttl: why, enumeration: why }),
        set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : ttl + 1)
      })
    })
    assert.include(
      (await Effect.runPromise(CacheContract.breaches(wrong, harness))).map(({ law }) => law),
      "every write: the key is live until its time to live has passed, and absent from then on"
    )
  })
})

it("The summary of what was left out has each law below the feature that it needs", () => {
  const summary = describeLeftOut("CacheRemote", [
    { chapter: "patterns", law: "scan: each live key once", feature: "enumeration", why: "it does not list its keys" },
    { chapter: "time to live", law: "ttl: Missing", feature: "ttl", why: "it returns none" },
    { chapter: "batches", law: "flush", feature: "enumeration", why: "it does not list its keys" }
  ])
  assert.strictEqual(
    summary,
    [
      "CacheRemote: 3 laws left out, for what the store lacks",
      "  enumeration: it does not list its keys",
      "    patterns: scan: each live key once",
      "    batches: flush",
      "  ttl: it returns none",
      "    time to live: ttl: Missing"
    ].join("\n")
  )
})
