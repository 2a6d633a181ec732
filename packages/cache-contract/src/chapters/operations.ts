import { type Chapter, law } from "../Law.ts"
import { storeOperations } from "../Operations.ts"

/** The first chapter: who writes an adapter reads here which operations are still to be written. */
export const operations: Chapter = {
  name: "operations",
  laws: storeOperations.map(([name, run]) =>
    law(`${name}: answers`, function* ({ cache }) {
      yield* run(cache)
    })
  )
}
