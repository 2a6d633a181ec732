/**
 * The snippets of a page as modules that compile and run.
 *
 * A snippet whose first line names a file is that file. Any other is a fragment: names that it does not declare or
 * import come from the fragments before it, from the settings of its page and those of all pages, and from the packages
 * and Effect, in this order. `"redis://localhost:6379"` is the Redis that `REDIS_URL` names.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { declaredIn, type Import, importedIn, uses, withShown } from "./Code.ts"
import type { Page, Snippet } from "./Page.ts"
import { vocabulary } from "./vocabulary.ts"

/** Where the modules are written. */
export const modulesFolder = fileURLToPath(new URL("../../.snippets/", import.meta.url))

const settingsFolder = fileURLToPath(new URL("../settings/", import.meta.url))

/** A snippet as a module. */
export interface Module {
  readonly snippet: Snippet
  readonly file: string
  /** True if it registers tests, so that the test runner runs it. */
  readonly isTest: boolean
}

/** Writes the modules of a page. */
export const writeModules = (page: Page): ReadonlyArray<Module> => {
  const folder = join(modulesFolder, page.path)
  const known = new Map<string, Import>()
  const learn = (file: string, code: string) => {
    for (const { name, isType } of declaredIn(code)) {
      const statement = `import ${isType ? "type " : ""}{ ${name} } from "${pathFrom(folder, file)}"`
      known.set(name, { name, isType, statement })
    }
  }
  for (const [name, statement] of vocabulary) known.set(name, { name, isType: false, statement })
  for (const file of settingsOf(page))
    learn(
      file,
      readFileSync(file, "utf8")
        .match(/^export .*/gm)
        ?.join("\n") ?? ""
    )

  return page.snippets.map((snippet) => {
    const code = snippet.code.replaceAll('"redis://localhost:6379"', "(process.env.REDIS_URL as string)")
    const ownFile = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1]
    const file = join(folder, ownFile ?? `line-${snippet.line}.ts`)
    write(file, ownFile === undefined ? fragment(code, known) : code)
    if (ownFile === undefined) {
      for (const imported of importedIn(code)) known.set(imported.name, imported)
      learn(file, code)
    }
    return { snippet, file, isTest: /^(?:it|describe|CacheContract\.suite)\b/m.test(code) }
  })
}

/**
 * Exports everything that a fragment declares, for those that go on with it, and its imports as well, under another
 * name, since the fragment may declare the name itself.
 */
const fragment = (code: string, known: ReadonlyMap<string, Import>): string => {
  const body = withShown(code)
  const own = new Set([...declaredIn(body), ...importedIn(body)].map(({ name }) => name))
  const given = Array.from(known.values()).filter(({ name }) => !own.has(name) && uses(body, name))
  const exports = [
    ...declaredIn(code.replaceAll(/^export .*/gm, "")).map(({ isType, name }) => (isType ? `type ${name}` : name)),
    ...given.map(({ isType, name }) => `${isType ? "type " : ""}${name} as given_${name}`)
  ]
  return [...given.map(({ statement }) => statement), body, `export { ${exports.join(", ")} }`, ""].join("\n")
}

const settingsOf = ({ path }: Page): ReadonlyArray<string> =>
  [
    "common",
    path
      .replace(/^packages\//, "")
      .replace("/src/", "/")
      .replace(/\.\w+$/, "")
  ]
    .map((name) => join(settingsFolder, `${name}.ts`))
    .filter((file) => existsSync(file))

const pathFrom = (folder: string, file: string): string => {
  const path = relative(folder, file)
  return path.startsWith(".") ? path : `./${path}`
}

const write = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
