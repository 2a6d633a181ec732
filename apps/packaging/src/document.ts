import type { Wanted } from "./ends.ts"
import { limits } from "./limits.ts"
import type { Size } from "./sizes.ts"

const begin = "<!-- checked: written by check:install -->"
const end = "<!-- /checked -->"

/** The document with the sizes and ranges in place of what it held between the markers. */
export const withChecked = (document: string, sizes: ReadonlyArray<Size>, wanted: ReadonlyArray<Wanted>): string => {
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error("The document has no place for what is checked")
  const checked = ["## Sizes", sizesOf(sizes), "## Versions", versionsOf(wanted)].join("\n\n")
  return `${document.slice(0, from)}${begin}\n\n${checked}\n\n${document.slice(to)}`
}

const sizesOf = (sizes: ReadonlyArray<Size>): string =>
  table(
    ["kB", "packed", "limit", "unpacked", "bundled", "limit", "with dependencies"],
    sizes.map(({ bundled, name, packed, unpacked, withDependencies }) => [
      `\`${name}\``,
      ...[packed, limits[name]?.packed ?? 0, unpacked, bundled, limits[name]?.bundled ?? 0, withDependencies].map(kilo)
    ])
  )

const versionsOf = (wanted: ReadonlyArray<Wanted>): string =>
  table(
    ["", "range", "lowest tried", "newest tried"],
    wanted.map(({ lowest, name, newest, range }) => [`\`${name}\``, range.replaceAll("|", "\\|"), lowest, newest])
  )

const kilo = (bytes: number): string => (bytes / 1_000).toFixed(1)

const table = (titles: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>): string =>
  [titles, titles.map((_, column) => (column === 0 ? "---" : "---:")), ...body]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n")
