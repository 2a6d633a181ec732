import { readFile } from "node:fs/promises"
import { cpus, release, totalmem, type } from "node:os"
import { serverVersion } from "@hexcache/redis-testkit"
import type { Entrant } from "./entrants.ts"

/** Describes the machine and the server, on which the figures depend too. */
export const machineOf = async (url: string): Promise<ReadonlyArray<string>> => [
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
  `${type()} ${release()}`,
  `Node ${process.versions.node}`,
  await serverVersion(url)
]

/** The version of each package that takes part, where its entrant finds it. */
export const versionsOf = async (entrants: ReadonlyArray<Entrant>): Promise<ReadonlyArray<string>> => {
  const versions = entrants.flatMap(({ isPeer, packages }) =>
    packages.map(async (name) => {
      const modules = new URL(isPeer ? "../../peers/node_modules/" : "../../node_modules/", import.meta.url)
      const manifest = JSON.parse(await readFile(new URL(`${name}/package.json`, modules), "utf8"))
      return `${manifest.name} ${manifest.version}`
    })
  )
  return [...new Set(await Promise.all(versions))].toSorted()
}
