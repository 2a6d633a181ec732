import { join } from "node:path"
import type { End, Wanted } from "./ends.ts"
import { examine } from "./examine.ts"
import { type Manager, managers } from "./managers.ts"
import { Project } from "./Project.ts"
import type { Registry } from "./Registry.ts"
import { bringTool, type Tool } from "./tools.ts"

/** A project to make. */
export interface Case {
  readonly manager: Manager
  /** The end of each range at which is what the packages want of others. */
  readonly at: End
  /** The runtime of the project. Defaults to the Node of this process. */
  readonly runtime?: Tool
}

/** The surroundings that all cases share. */
export interface Surroundings {
  /** The folder that the projects are made in. */
  readonly work: string
  readonly registry: Registry
  readonly redisUrl: string
  readonly wanted: ReadonlyArray<Wanted>
  /** The exported names, by import path. */
  readonly exported: Readonly<Record<string, ReadonlyArray<string>>>
}

/** A case for each package manager, so that both ends are tried, and the lowest Node of a range beside this one. */
export const casesFor = (nodeRange: string): ReadonlyArray<Case> => [
  { manager: managers.npm, at: "newest" },
  { manager: managers.pnpm, at: "lowest", runtime: { name: "node", range: nodeRange, at: "lowest" } },
  { manager: managers.bun, at: "newest", runtime: { name: "bun", range: "^1.0.0", at: "newest" } }
]

/** Names a case in words. */
export const titleOf = ({ at, manager, runtime }: Case): string =>
  `${manager.name}, ${at} versions, ${runtime === undefined ? "this node" : `${runtime.at} ${runtime.name}`}`

/** Where a case's project is. */
export const folderOf = ({ manager }: Case, work: string): string => join(work, manager.name)

/** Makes the project of a case and examines it. Resolves with what was seen, in words. */
export const tryCase = async (each: Case, surroundings: Surroundings): Promise<string> => {
  const { exported, redisUrl, registry, wanted, work } = surroundings
  const { at, manager, runtime } = each
  const commands = runtime && (await bringTool(runtime, work))
  const versions = Object.fromEntries(wanted.map(({ name, [at]: version }) => [name, version]))
  const folder = folderOf(each, work)
  return examine(await Project.create(folder, { manager, registry, versions, exported, commands }), redisUrl)
}
