import { type Chapter, law } from "../Law.ts"
import { operations as askEach } from "../StoreLaw.ts"

/** The first chapter: who writes an adapter reads here which operations are still to be written. */
export const operations: Chapter = {
  name: "operations",
  laws: askEach.map(([name, ask]) =>
    law(`${name}: answers`, function* ({ cache }) {
      yield* ask(cache)
    })
  )
}
