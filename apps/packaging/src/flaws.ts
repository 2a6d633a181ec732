import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Manifest } from "./Manifest.ts"
import type { Packed } from "./Packed.ts"

/** Lists in words the parts that a registry or a user needs and a tarball lacks. publint and attw look at the rest. */
export const flawsOf = async ({ files, folder, manifest }: Packed): Promise<ReadonlyArray<string>> => {
  const maps = files.filter((file) => file.endsWith(".map"))
  const flaws = [
    ...manifestFlaws(manifest),
    ...["README.md", "LICENSE"].filter((file) => !files.includes(file)).map((file) => `there is no ${file}`),
    ...files.filter((file) => isCode(file) && !maps.includes(`${file}.map`)).map((file) => `${file} has no map`),
    ...(await Promise.all(maps.map((map) => mapFlaws(folder, map)))).flat()
  ]
  return flaws.map((flaw) => `${manifest.name}: ${flaw}`)
}

const isCode = (file: string): boolean => /^dist\/.*(\.js|\.d\.ts)$/.test(file)

const manifestFlaws = (manifest: Manifest): ReadonlyArray<string> => {
  const { dependencies, description, engines, exports, keywords, license, peerDependencies, publishConfig } = manifest
  const paths = Object.values(exports ?? {})
  const needs: Record<string, boolean> = {
    description: Boolean(description),
    license: license === "MIT",
    keywords: (keywords?.length ?? 0) > 0,
    type: manifest.type === "module",
    sideEffects: manifest.sideEffects === false,
    "engines.node": Boolean(engines?.node),
    files: manifest.files !== undefined,
    exports: paths.length > 0 && paths.every(({ types, default: code }) => types && code),
    "publishConfig.access": publishConfig?.access === "public",
    "publishConfig.provenance": publishConfig?.provenance === true
  }
  const ranges = Object.entries({ ...dependencies, ...peerDependencies })
  return [
    ...Object.keys(needs).flatMap((field) => (needs[field] ? [] : [`${field} is not as it must be`])),
    ...ranges.flatMap(([name, range]) => (/^(workspace|catalog|file|link):/.test(range) ? [`${name} is ${range}`] : []))
  ]
}

const mapFlaws = async (folder: string, map: string): Promise<ReadonlyArray<string>> => {
  const path = join(folder, map)
  const { sources } = JSON.parse(await readFile(path, "utf8")) as { readonly sources: ReadonlyArray<string> }
  return sources.flatMap((source) =>
    existsSync(join(dirname(path), source)) ? [] : [`${map} leads to ${source}, which is not packed`]
  )
}
