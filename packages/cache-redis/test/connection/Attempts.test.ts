/** How long to pause between attempts, and which replacement is worth waiting for. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Attempts } from "../../src/connection/Attempts.ts"

const backoff = { initial: 25, max: 500 }

/** A connection that answered a command, and then that its server takes no writes. */
const refuse = (attempts: Attempts): boolean => {
  attempts.begin()
  attempts.becameReady()
  attempts.proved()
  attempts.refused()
  return attempts.lost()
}

describe("the replacement of a connection whose server is no master any more", () => {
  it("is worth waiting for once, and not when the next server is none either", () => {
    const attempts = new Attempts(backoff)
    assert.isTrue(refuse(attempts))
    attempts.nextPause()
    for (let round = 0; round < 10; round++) {
      assert.isFalse(refuse(attempts))
      attempts.nextPause()
    }
  })

  it.live("is worth waiting for again, and begins with a short pause, when a master has lived in between", () =>
    Effect.gen(function* () {
      const attempts = new Attempts(backoff)
      for (let round = 0; round < 10; round++) {
        refuse(attempts)
        attempts.nextPause()
      }
      attempts.begin()
      attempts.becameReady()
      attempts.proved()
      yield* Effect.sleep(1_050)
      attempts.refused()
      assert.isTrue(attempts.lost())
      attempts.nextPause()
      attempts.begin()
      attempts.lost()
      assert.isAtMost(attempts.nextPause(), 2 * backoff.initial)
    })
  )
})
