import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

const template = join(import.meta.dirname, "../template")

/** The adapter that shows how a package is built and packed. */
const model = "cache-memory"

/**
 * Makes `packages/cache-<name>` in a workspace from the template. Returns its folder. Throws an `Error` that says why
 * when the name breaks the rule, or something of that name is there already; nothing is written then.
 */
export const newAdapter = (workspace: string, name: string): string => {
  const wrong = complaint(name)
  if (wrong !== undefined) throw new Error(`${JSON.stringify(name)} is no name for an adapter: ${wrong}`)
  const packages = join(workspace, "packages")
  const folder = join(packages, `cache-${name}`)
  claim(folder)
  try {
    fill(folder, name)
    packAs(join(packages, model), folder, name)
    return folder
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Longer ones would not fit into the lines of the template. */
const longestName = 24

const complaint = (name: string): string | undefined => {
  if (name.startsWith("cache-")) return `leave out "cache-", which is put in front of every name`
  if (name.length > longestName) return `a name has at most ${longestName} characters`
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    return "a name is small letters and digits, begins with a letter, and has a - between words"
  }
  return undefined
}

/** Makes the folder, which fails when there is one: what somebody else has is never written into. */
const claim = (folder: string): void => {
  try {
    mkdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    throw new Error(`packages/${basename(folder)} is there already`)
  }
}

const fill = (folder: string, name: string): void => {
  const title = titleOf(name)
  const named = (text: string): string => text.replaceAll("Example", title).replaceAll("example", name)
  for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const source = join(entry.parentPath, entry.name)
    const target = join(folder, named(source.slice(template.length)))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, named(readFileSync(source, "utf8")))
  }
}

const titleOf = (name: string): string =>
  name
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("")

const packAs = (model: string, folder: string, name: string): void => {
  for (const file of ["LICENSE", "tsconfig.build.json", "turbo.json"]) cpSync(join(model, file), join(folder, file))
  const text = readFileSync(join(model, "package.json"), "utf8")
  const settings = JSON.parse(text.replaceAll(basename(model), `cache-${name}`))
  settings.description = `${titleOf(name)} adapter of @hexcache/cache-port.`
  settings.keywords = ["cache", "effect", "hexagonal", "ports-and-adapters", name]
  // Used by the model's own tests only.
  for (const tool of ["@effect/vitest", "fast-check"]) delete settings.devDependencies[tool]
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(settings, null, 2)}\n`)
}
