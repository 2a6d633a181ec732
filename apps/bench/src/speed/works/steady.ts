import { underLoad } from "../entrants.ts"
import type { Work } from "../Work.ts"
import { get } from "./get.ts"

/** As `get`, for a minute, one contestant after the other. */
export const steady: Work = {
  ...get,
  name: "steady",
  title: "steady load, get",
  variants: [{ inFlight: 512, size: 100 }],
  entrants: underLoad,
  effort: (usual) => ({ ...usual, processes: 1, roundsAProcess: 1, millis: usual.steadyMillis }),
  watches: "process"
}
