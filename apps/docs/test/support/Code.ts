/**
 * Reads names and imports of a snippet from its text. Snippets are formatted as the repository is, so that a line that
 * begins at the margin begins a statement, unless it closes one.
 */

/** A name, and whether it is one of a type alone. */
export interface Name {
  readonly name: string
  readonly isType: boolean
}

/** The names that a snippet declares at its top. */
export const declaredIn = (code: string): ReadonlyArray<Name> => {
  const names = new Map<string, Name>()
  for (const [, keyword = "", declared = ""] of code.matchAll(declaration)) {
    const isType = keyword === "type" || keyword === "interface"
    for (const name of declared.matchAll(/\w+(?=\s*(?:[,}\]]|$))/g)) {
      if (!isType || !names.has(name[0])) names.set(name[0], { name: name[0], isType })
    }
  }
  return Array.from(names.values())
}

const declaration =
  /^(?:export )?(?:await )?(const|let|using|class|function\*?|async function|type|interface) (\w+|\{[^}=]*\}|\[[^\]=]*\])/gm

/** A name, and an import of it alone. */
export interface Import extends Name {
  readonly statement: string
}

/** The imports of a snippet. */
export const importedIn = (code: string): ReadonlyArray<Import> =>
  Array.from(code.matchAll(/^import (type )?(.*?) from ("[^"]+")/gms)).flatMap(([, type, clause = "", from = ""]) => {
    const [, single, list = ""] = /^([^{},]*)(?:,\s*)?(?:\{(.*)\})?$/s.exec(clause.trim()) ?? []
    const names = list.split(",").map((name) => name.trim())
    return [
      ...(single ? [{ name: single.replace("* as ", "").trim(), clause: single.trim() }] : []),
      ...names.filter((name) => name !== "").map((name) => ({ name: nameOf(name), clause: `{ ${name} }` }))
    ].map(({ clause, name }) => ({
      name,
      isType: type !== undefined || clause.startsWith("{ type "),
      statement: `import ${type ?? ""}${clause} from ${from}`
    }))
  })

const nameOf = (specifier: string): string => specifier.replace(/^type /, "").replace(/^.* as /, "")

/** True if a snippet uses a name: as a word outside text and comments that is no property. */
export const uses = (code: string, name: string): boolean =>
  new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${name}(?![\\w$]|\\??: )`).test(
    code.replaceAll(/\/\/.*|"(?:[^"\\\n]|\\.)*"/g, "")
  )

/**
 * The snippet with each expression that stands for itself as an export named `shown` and its line, and what the page says
 * that it gives, behind `// =>`, as an export named `expected` and the same line.
 */
export const withShown = (code: string): string => {
  const expectations: Array<string> = []
  const statements = code.split(/^(?![\s})\]/]|else\b)/m)
  let line = 1
  const shown = statements.map((statement) => {
    const at = line
    line += statement.split("\n").length - 1
    if (!isExpression(statement)) return statement
    const expected = /\/\/ => (.*)/.exec(statement)?.[1]
    if (expected !== undefined) expectations.push(`export const expected${at} = () => (${expected})\n`)
    return `export const shown${at} = ${statement}`
  })
  return shown.join("") + expectations.join("")
}

const isExpression = (statement: string): boolean =>
  /^\w/.test(statement) &&
  !/^(?:import|export|const|let|class|function|async function|type|interface|if|for|try|throw|await using|using)\b/.test(
    statement
  )
