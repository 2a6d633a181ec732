/**
 * Every scenario.
 */
import type { Scenario } from "../Scenario.ts"
import { expired } from "./expired.ts"
import { leased } from "./leases.ts"
import { near } from "./near.ts"
import { pending } from "./pending.ts"
import { reads } from "./reads.ts"
import { refreshes } from "./refreshes.ts"
import { restarts } from "./restarts.ts"
import { stale } from "./stale.ts"
import { tagged } from "./tags.ts"
import { versions } from "./versions.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...reads,
  ...refreshes,
  ...restarts,
  ...pending,
  ...tagged,
  ...leased,
  ...stale,
  ...expired,
  ...versions,
  ...near
]
