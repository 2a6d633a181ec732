import { CacheContract } from "@hexcache/cache-contract"
import { CachePort } from "@hexcache/cache-port"
import { Context, Effect, Layer } from "effect"
import { assert, it } from "vitest"
import { makeReference } from "./wrong/Reference.ts"
import { wrongCaches } from "./wrong/wrongCaches.ts"

const right = () => CachePort.fromDriver(makeReference())

it("A model test finds no difference between two caches that are right", async () => {
  const report = await Effect.runPromise(
    CacheContract.Model.check(right(), right(), { sequences: 200, maxLength: 60, seed: 1 })
  )
  assert.isUndefined(report.difference)
  assert.strictEqual(report.sequences, 200)
  assert.isAbove(report.operations, 2_000)
})

for (const name of [
  "set keeps the old time to live",
  "increment loses the time to live",
  "duplicates are counted twice"
]) {
  it(`A model test finds the shortest sequence that shows: ${name}`, async () => {
    const wrong = wrongCaches.find((wrong) => wrong.name === name)
    assert.isDefined(wrong)
    const report = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const other = Context.get(yield* Layer.build(wrong.layer), CachePort)
          return yield* CacheContract.Model.check(right(), other, { sequences: 2_000, maxLength: 60, seed: 1 })
        })
      )
    )
    assert.isDefined(report.difference)
    assert.isAtMost(report.difference.sequence.length, 4)
  })
}
