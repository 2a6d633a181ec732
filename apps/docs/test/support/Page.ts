/**
 * The pages of the documentation, and the snippets in them.
 */
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const repository = fileURLToPath(new URL("../../../../", import.meta.url))

/** A block of TypeScript on a page. */
export interface Snippet {
  readonly line: number
  readonly code: string
  /** The output that the page claims: a block of text right behind it. */
  readonly output: string | undefined
}

/** A file with snippets: a Markdown file, or a source file whose doc comments have examples. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly snippets: ReadonlyArray<Snippet>
  /** The number of blocks of code that look like TypeScript or JavaScript. */
  readonly blocks: number
}

/** Every Markdown file of the repository, from its root. */
export const markdownFiles = (): ReadonlyArray<string> =>
  globSync(
    [
      "*.md",
      ".github/**/*.md",
      "docs/*.md",
      "packages/*/README.md",
      "apps/*/README.md",
      "apps/docs/site/*.md",
      "examples/*.md"
    ],
    {
      cwd: repository
    }
  ).toSorted()

/** Every page that has code on it. */
export const pages = (): ReadonlyArray<Page> => {
  const sources = globSync("packages/*/src/**/*.ts", { cwd: repository }).toSorted()
  return [
    ...markdownFiles().map((path) => pageOf(path, read(path))),
    ...sources.map((path) => pageOf(path, commentsOf(read(path))))
  ].filter(({ blocks }) => blocks > 0)
}

const pageOf = (path: string, text: string): Page => ({
  path,
  snippets: snippetsOf(text),
  blocks: text.match(/^\s*(?:```|~~~) *(?:ts|js|mts|tsx|jsx|typescript|javascript)\b/gm)?.length ?? 0
})

/** The text of a file of the repository. */
export const read = (path: string): string => readFileSync(`${repository}${path}`, "utf8")

const snippetsOf = (text: string): ReadonlyArray<Snippet> =>
  Array.from(
    text.matchAll(/^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms),
    ({ 1: code = "", 2: output, index }) => ({
      line: text.slice(0, index).split("\n").length,
      code,
      output
    })
  )

/** The doc comments of a source file as they read, every other line empty. */
const commentsOf = (source: string): string => {
  let isComment = false
  return source
    .split("\n")
    .map((line) => {
      if (/^\s*\/\*\*/.test(line)) isComment = true
      const text = isComment ? (/^\s*\* ?(?!\/)(.*)$/.exec(line)?.[1] ?? "") : ""
      if (line.includes("*/")) isComment = false
      return text
    })
    .join("\n")
}
