import type { Entrant } from "../speed/entrants.ts"
import type { ChangeKind } from "./scenarios.ts"

/** A library in one of its documented set-ups, and how a change can be made known to it. */
export interface StaleReadsEntrant extends Entrant {
  readonly kinds: ReadonlyArray<ChangeKind>
}

const peer = (
  name: string,
  file: string,
  packages: ReadonlyArray<string>,
  kinds: ReadonlyArray<ChangeKind>,
  open = "open"
): StaleReadsEntrant => ({
  name,
  module: new URL(`../../peers/staleReads/${file}`, import.meta.url).href,
  open,
  packages,
  isPeer: true,
  kinds
})

const withTags: ReadonlyArray<ChangeKind> = ["delete", "set", "tag"]
const withoutTags: ReadonlyArray<ChangeKind> = ["delete", "set"]
const managerPackages = ["cache-manager", "keyv"]

/** In the order of the table. */
export const entrants: ReadonlyArray<StaleReadsEntrant> = [
  {
    name: "hexcache",
    module: new URL("hexcache.ts", import.meta.url).href,
    open: "open",
    packages: ["@hexcache/cache-port"],
    isPeer: false,
    kinds: withTags
  },
  peer("bentocache", "bentocache.ts", ["bentocache"], withTags),
  peer("bentocache, memory and bus", "bentocache.ts", ["bentocache"], withTags, "openWithBus"),
  peer("cacheable", "cacheable.ts", ["cacheable"], withTags),
  peer("cacheable, memory and sync", "cacheable.ts", ["cacheable"], withTags, "openWithSync"),
  peer("cache-manager", "cacheManager.ts", managerPackages, withoutTags),
  peer("cache-manager, memory", "cacheManager.ts", managerPackages, withoutTags, "openInTwoLevels"),
  peer("cachified", "cachified.ts", ["@epic-web/cachified"], withoutTags)
]
