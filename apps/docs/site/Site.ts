/**
 * Where the files of the repository are on the site.
 */
import { readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path/posix"
import { fileURLToPath } from "node:url"
import { navigation } from "./navigation.ts"

/** The root of the repository. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url))

const { GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_SHA } = process.env

/** The address of the repository that a workflow builds the site of. Elsewhere there is none, and nothing leads to it. */
export const repository: string | undefined =
  GITHUB_REPOSITORY === undefined ? undefined : `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`

/** The files of that repository, at the commit that the site is built of. */
export const sources: string | undefined = repository && `${repository}/blob/${GITHUB_SHA}`

/** The path of the site on its host, with a slash at either end: GitHub Pages has a project below its name. */
export const base: string = GITHUB_REPOSITORY === undefined ? "/" : `/${GITHUB_REPOSITORY.split("/")[1]}/`

/** The file of the landing page. */
export const landingPage = "apps/docs/site/index.md"

const addresses: ReadonlyMap<string, string> = new Map([
  [landingPage, "/"],
  ["README.md", "/"],
  ...navigation.flatMap(({ pages }) => pages).map((path) => [path, addressOfPage(path)] as const)
])

function addressOfPage(path: string): string {
  if (path === "apps/bench/README.md") return "/benchmarks"
  const [, name = ""] = /^packages\/(.*)\/README\.md$/.exec(path) ?? []
  if (name !== "") return `/package/${name}`
  const [, ownName = ""] = /([^/]+)(?:\/README)?\.md$/.exec(path) ?? []
  return `/${ownName.toLowerCase()}`
}

/** The address of a page, without the base: `/cached` for `docs/cached.md`. Undefined for a file that is no page. */
export const addressOf = (path: string): string | undefined =>
  addresses.get(path) ?? addresses.get(`${path.replace(/\/$/, "")}/README.md`)

/** The target of a link, which may lead to the repository. Undefined for a file that the site cannot lead to. */
export const targetOf = (page: string, link: string): string | undefined => {
  if (/^(?:[a-z]+:|[#/])/.test(link)) return link
  const [file = "", anchor] = link.split("#")
  const path = normalize(join(dirname(page), file))
  const target = addressOf(path) ?? (sources && `${sources}/${path}`)
  return target && (anchor === undefined ? target : `${target}#${anchor}`)
}

/** The text of a file of the repository. */
export const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** The name of a page in the navigation: its heading, up to a colon. */
export const titleOf = (path: string): string =>
  (/^# ([^:\n]+)/m.exec(read(path))?.[1] ?? path).replace(/^@hexcache\//, "")

/** The first paragraph of a page, without its marks. */
export const summaryOf = (markdown: string): string => {
  const [, paragraph = ""] = /^# .*\n+((?!```|\||#)[^\n]+(?:\n[^\n]+)*)/m.exec(markdown) ?? []
  return paragraph
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[`*]/g, "")
    .replaceAll("\n", " ")
}

/** The anchor of a heading, as GitHub makes it. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-")
