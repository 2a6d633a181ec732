/**
 * Every scenario.
 */
import type { Scenario } from "../Scenario.ts"
import { leased } from "./leases.ts"
import { near } from "./near.ts"
import { owed } from "./owed.ts"
import { reads } from "./reads.ts"
import { stale } from "./stale.ts"
import { tagged } from "./tags.ts"
import { versions } from "./versions.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...reads,
  ...owed,
  ...tagged,
  ...leased,
  ...stale,
  ...versions,
  ...near
]
