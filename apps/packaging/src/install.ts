import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Manifest } from "./Manifest.ts"
import type { Packed } from "./Packed.ts"
import { run } from "./run.ts"

type Installable = Pick<Packed, "tarball"> & {
  readonly manifest: Pick<Manifest, "name" | "dependencies" | "peerDependencies">
}

/**
 * Makes the arguments by which npm installs packages from their tarballs: those that are named, without their scope, and
 * those that they require. All of them if none is named. Throws for a name that no package has.
 */
export const installArguments = (
  packages: ReadonlyArray<Installable>,
  names: ReadonlyArray<string> = []
): ReadonlyArray<string> => {
  const wanted = new Set(names.length === 0 ? packages.map(({ manifest }) => manifest.name) : names.map(scoped))
  // A set is iterated with what is added meanwhile.
  for (const name of wanted) {
    const found = packages.find(({ manifest }) => manifest.name === name)
    if (found === undefined) throw new Error(`There is no package ${name}`)
    for (const required of Object.keys({ ...found.manifest.dependencies, ...found.manifest.peerDependencies })) {
      if (required.startsWith("@hexcache/")) wanted.add(required)
    }
  }
  const tarballs = packages.filter(({ manifest }) => wanted.has(manifest.name)).map(({ tarball }) => tarball)
  return ["install", "effect", ...tarballs]
}

const scoped = (name: string): string => (name.startsWith("@") ? name : `@hexcache/${name}`)

/** Installs packages from their tarballs into an empty folder, and imports each. Resolves with what it saw, in words. */
export const tryTarballs = async (packages: ReadonlyArray<Packed>, folder: string): Promise<string> => {
  await mkdir(folder)
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  await run("npm", [...installArguments(packages), "--no-audit", "--no-fund"], { cwd: folder })
  const names = packages.map(({ manifest }) => manifest.name)
  // The contract registers tests when it is imported, which needs their runner.
  const imported = names.filter((name) => name !== "@hexcache/cache-contract")
  await writeFile(join(folder, "imports.js"), imported.map((name) => `import ${JSON.stringify(name)}\n`).join(""))
  await run("node", ["imports.js"], { cwd: folder })
  return `${names.length} packages by one npm install`
}
