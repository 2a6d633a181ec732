/**
 * The site for language models: `llms.txt`, by https://llmstxt.org, and each page as Markdown beside its HTML.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { navigation } from "./navigation.ts"
import { addressOf, base, read, summaryOf, targetOf, titleOf } from "./Site.ts"

/** Writes `llms.txt`, `llms-full.txt` with all guides in one, and the pages that they name. */
export const writeForModels = (folder: string): void => {
  const paths = navigation.flatMap(({ pages }) => pages)
  for (const path of paths) write(folder, fileOf(path), withTargets(path, read(path)))
  write(folder, "llms.txt", [head, ...navigation.map(sectionOf)].join("\n\n"))
  write(
    folder,
    "llms-full.txt",
    [head, ...paths.filter(isGuide).map((path) => withTargets(path, read(path)))].join("\n\n")
  )
}

const head = `# hexcache

> A cache port for TypeScript and Effect, with adapters for Redis, SQLite and memory. A cache is never the reason that a
> request fails, waits, or reads a wrong value.`

const sectionOf = ({ pages, text }: (typeof navigation)[number]): string =>
  [
    `## ${text}\n`,
    ...pages.map((path) => `- [${titleOf(path)}](${base}${fileOf(path)}): ${summaryOf(read(path))}`)
  ].join("\n")

const isGuide = (path: string): boolean => path.startsWith("docs/")

const fileOf = (path: string): string => `${addressOf(path)?.slice(1)}.md`

/** The text of a page whose links lead to the Markdown of other pages. What cannot be led to stays as text. */
const withTargets = (page: string, markdown: string): string =>
  markdown.replaceAll(/\[([^\]]*)\]\(([^)\s]+)\)/g, (_, text: string, link: string) => {
    const target = targetOf(page, link)
    if (target === undefined) return text
    const [address = "", anchor] = target.split("#")
    if (!address.startsWith("/")) return `[${text}](${target})`
    const file = address === "/" ? base : `${base}${address.slice(1)}.md`
    return `[${text}](${file}${anchor === undefined ? "" : `#${anchor}`})`
  })

const write = (folder: string, file: string, text: string): void => {
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${text.trimEnd()}\n`)
}
