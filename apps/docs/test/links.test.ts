/** Relative links lead to files that there are, and to headings in them; every guide is on the site. */
import { existsSync, statSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { navigation } from "../site/navigation.ts"
import { anchorOf } from "../site/Site.ts"
import { markdownFiles, read, repository } from "./support/Page.ts"

describe("the links of", () => {
  for (const path of markdownFiles()) {
    it(`${path} lead somewhere`, () => {
      assert.deepStrictEqual(
        linksOf(read(path)).filter((link) => !leadsSomewhere(path, link)),
        []
      )
    })
  }
})

describe("the navigation of the site", () => {
  it("has every guide, and the README of every package that is published", () => {
    const pages = navigation.flatMap(({ pages }) => pages)
    assert.deepStrictEqual(
      markdownFiles().filter((path) => /^(?:docs|packages\/cache[^/]*)\//.test(path) && !pages.includes(path)),
      []
    )
  })

  it("has no page twice, and none that is not there", () => {
    const pages = navigation.flatMap(({ pages }) => pages)
    assert.deepStrictEqual(
      pages.filter((path, at) => pages.indexOf(path) !== at || !existsSync(join(repository, path))),
      []
    )
  })
})

const linksOf = (markdown: string): ReadonlyArray<string> =>
  Array.from(proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link)
  )

const leadsSomewhere = (from: string, link: string): boolean => {
  const [file = "", anchor] = link.split("#")
  const path = file === "" ? from : normalize(join(dirname(from), file))
  if (!existsSync(join(repository, path))) return false
  if (anchor === undefined) return true
  return statSync(join(repository, path)).isFile() && anchorsOf(read(path)).includes(anchor)
}

/** The anchors of headings as GitHub makes them; one that is there already gets a number. */
const anchorsOf = (markdown: string): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  return Array.from(proseOf(markdown).matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => {
    const anchor = anchorOf(heading)
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
}

const proseOf = (markdown: string): string => markdown.replaceAll(/^```.*?^```/gms, "")
