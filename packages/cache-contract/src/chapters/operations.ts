import type { StoreFeature } from "@hexcache/cache-port"
import { Effect, type Exit } from "effect"
import { assert } from "vitest"
import { describeError } from "../describeError.ts"
import { errorOf } from "../FaultLaw.ts"
import { type Chapter, law } from "../Law.ts"
import { isUnsupported, missingFor, needs } from "../LeftOut.ts"
import { storeOperations } from "../Operations.ts"

/** Asserts that an operation which the driver declares as missing fails, and says so. */
const assertMissing = (name: string, exit: Exit.Exit<unknown, unknown>, feature: StoreFeature): void => {
  const error = errorOf(exit)
  const came = error === undefined ? "succeeds" : `fails with ${describeError(error)}`
  assert(isUnsupported(error), `the driver declares that its store lacks ${feature}, and ${name} ${came}`)
  assert.strictEqual(error.outcome, "NotExecuted", `the outcome of ${name}, which is Unsupported`)
  assert.isFalse(error.isRetryable, `${name}, which is Unsupported, is retryable`)
}

/** The first chapter: who writes an adapter reads here which operations are still to be written. */
export const operations: Chapter = {
  name: "operations",
  laws: storeOperations.map(([name, run]) =>
    law(`${name}: answers`, function* ({ cache, missing }) {
      const exit = yield* Effect.exit(run(cache))
      const feature = missingFor(name, missing)
      if (feature !== undefined) {
        assertMissing(name, exit, feature)
        return yield* needs(missing, feature)
      }
      const error = errorOf(exit)
      assert(!isUnsupported(error), `${name} fails with Unsupported, and the driver does not declare what is missing`)
      yield* exit
    })
  )
}
