import type { End } from "./ends.ts"
import { type Manager, managers } from "./managers.ts"
import type { Tool } from "./tools.ts"

/** A project to make. */
export interface Case {
  readonly manager: Manager
  /** The end of each range at which is what the packages want of others. */
  readonly at: End
  /** What runs the project. The Node of this process unless given. */
  readonly runtime?: Tool
}

/** A case for each package manager, so that both ends are tried, and the lowest Node of a range beside this one. */
export const casesFor = (nodeRange: string): ReadonlyArray<Case> => [
  { manager: managers.npm, at: "newest" },
  { manager: managers.pnpm, at: "lowest", runtime: { name: "node", range: nodeRange, at: "lowest" } },
  { manager: managers.bun, at: "newest", runtime: { name: "bun", range: "^1.0.0", at: "newest" } }
]
