import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { launchChromium, violations } from "@hexcache/browser-testkit"
import type { Browser, Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { navigation } from "../../site/navigation.ts"
import { addressOf, titleOf } from "../../site/Site.ts"
import { searches } from "./searches.ts"
import { build, fileOf, folder, type Served, serve } from "./support/Site.ts"

describe("the site", () => {
  let site: Served
  let browser: Browser
  beforeAll(async () => {
    await build()
    site = await serve()
    browser = await launchChromium()
    // A first build also installs what makes the site.
  }, 600_000)
  afterAll(async () => {
    await browser?.close()
    await site?.[Symbol.asyncDispose]()
  })

  const open = async (address: string, width = 1_440, scheme: "light" | "dark" = "light"): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme })
    await page.goto(`${site.url}${address}`, { waitUntil: "networkidle" })
    return page
  }

  for (const scheme of ["light", "dark"] as const) {
    for (const width of [1_440, 390]) {
      it(`has nothing that axe finds, and no page wider than its screen, ${scheme} at ${width} pixels`, async () => {
        for (const address of ["/", "/first-steps", "/comparison", "/package/cache-redis"]) {
          const page = await open(address, width, scheme)
          assert.deepStrictEqual(await violations(page), [], address)
          assert.strictEqual(await page.evaluate<number>("document.documentElement.scrollWidth"), width, address)
          await picture(
            page,
            `site-${address === "/" ? "home" : address.slice(1).replaceAll("/", "-")}-${width}-${scheme}`
          )
          await page.close()
        }
      })
    }
  }

  it("shows every column of the comparison on a wide screen, and scrolls its tables inside their boxes on a phone", async () => {
    const overflowing = `[...document.querySelectorAll(".table-box")].filter((box) => box.scrollWidth > box.clientWidth).length`
    const wide = await open("/comparison")
    assert.strictEqual(await wide.evaluate<number>(overflowing), 0)
    await wide.close()
    const narrow = await open("/comparison", 390)
    assert.isAbove(await narrow.evaluate<number>(overflowing), 0)
    const box = narrow.locator(".table-box.wide").first()
    await box.evaluate((element) => Object.assign(element, { scrollLeft: 300 }))
    const name = await box.locator("tbody td").first().boundingBox()
    assert.isAtLeast(name?.x ?? -1, 0)
    await narrow.close()
  })

  it("has no link that leads nowhere", () => {
    const dead = globSync("**/*.html", { cwd: folder }).flatMap((file) =>
      linksOf(file)
        .filter((link) => !leadsSomewhere(file, link))
        .map((link) => `${file}: ${link}`)
    )
    assert.deepStrictEqual(dead, [])
  })

  it("leads from each page to the next one", () => {
    const pages = navigation.flatMap(({ pages }) => pages).map((path) => addressOf(path) ?? "")
    for (const [at, address] of pages.slice(0, -1).entries()) {
      const [, next] = /<a class="VPLink link pager-link next" href="([^"]*)"/.exec(htmlOf(address)) ?? []
      assert.strictEqual(next, pages[at + 1], address)
    }
  })

  it("has every page in llms.txt, and its Markdown", () => {
    const text = readFileSync(join(folder, "llms.txt"), "utf8")
    for (const path of navigation.flatMap(({ pages }) => pages)) {
      const address = `${addressOf(path)}.md`
      assert.include(text, `- [${titleOf(path)}](${address}): `)
      assert.isDefined(fileOf(address), address)
    }
  })

  for (const [words, address] of searches) {
    it(`finds ${address} first for ${words}`, async () => {
      const page = await open("/")
      await page.getByRole("button", { name: "Search" }).first().click()
      await page.getByRole("searchbox").fill(words)
      const first = page.locator(".VPLocalSearchBox .result").first()
      await first.waitFor()
      const found = new URL((await first.getAttribute("href")) ?? "", site.url)
      assert.strictEqual(found.pathname, address)
      await page.close()
    })
  }
})

const htmlOf = (address: string): string => readFileSync(join(folder, fileOf(address) ?? address), "utf8")

const linksOf = (file: string): ReadonlyArray<string> =>
  Array.from(htmlOf(file).matchAll(/<(?:a|link|img|script)\b[^>]*? (?:href|src)="([^"]*)"/g), ([, link = ""]) =>
    link.replaceAll("&amp;", "&")
  ).filter((link) => !/^[a-z]+:/.test(link))

const leadsSomewhere = (from: string, link: string): boolean => {
  const { hash, pathname } = new URL(link, `http://site/${from}`)
  const file = fileOf(pathname)
  if (file === undefined) return false
  return hash === "" || !file.endsWith(".html") || idsOf(file).has(decodeURIComponent(hash.slice(1)))
}

const ids = new Map<string, ReadonlySet<string>>()
const idsOf = (file: string): ReadonlySet<string> => {
  const known = ids.get(file) ?? new Set(Array.from(htmlOf(file).matchAll(/ id="([^"]*)"/g), ([, id = ""]) => id))
  ids.set(file, known)
  return known
}

/** Keeps a picture of a page, where `PICTURES` names a folder. */
const picture = async (page: Page, name: string): Promise<void> => {
  const { PICTURES } = process.env
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`), animations: "disabled" })
}
