import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

const template = join(import.meta.dirname, "../template")

/**
 * Makes `packages/cache-<name>` in a workspace from the template, and answers its folder. Throws an `Error` that says why
 * when the name breaks the rule, or something of that name is there already; nothing is written then.
 */
export const newAdapter = (workspace: string, name: string): string => {
  const wrong = complaint(name)
  if (wrong !== undefined) throw new Error(`${JSON.stringify(name)} is no name for an adapter: ${wrong}`)
  const folder = join(workspace, "packages", `cache-${name}`)
  claim(folder)
  try {
    fill(folder, name)
    cpSync(join(workspace, "LICENSE"), join(folder, "LICENSE"))
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
  const title = name.split("-").map(capitalized).join("")
  const named = (text: string): string => text.replaceAll("Example", title).replaceAll("example", name)
  for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const source = join(entry.parentPath, entry.name)
    const target = join(folder, named(source.slice(template.length)))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, named(readFileSync(source, "utf8")))
  }
}

const capitalized = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)
