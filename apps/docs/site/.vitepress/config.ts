import { globSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type DefaultTheme, defineConfig } from "vitepress"
import { writeForModels } from "../llms.ts"
import { markdown, widestBesideOutline } from "../markdown.ts"
import { navigation } from "../navigation.ts"
import { addressOf, base, landingPage, read, repository, root, summaryOf, titleOf } from "../Site.ts"

const pages = [landingPage, ...navigation.flatMap(({ pages }) => pages)]

const promise = "A cache is never the reason that a request fails, waits, or reads a wrong value."

export default defineConfig({
  title: "hexcache",
  description: `A cache port for TypeScript and Effect. ${promise}`,
  lang: "en",
  base,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }]],
  cleanUrls: true,

  // The guides stay where they are read on GitHub.
  srcDir: root,
  srcExclude: globSync("**/*.md", {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist|\.git)$/.test(path)
  }).filter((path) => !pages.includes(path)),
  rewrites: Object.fromEntries(pages.map((path) => [path, `${addressOf(path)?.slice(1) || "index"}.md`])),
  outDir: "../dist",
  markdown,

  transformPageData: ({ filePath, frontmatter }) => {
    const text = read(filePath)
    return {
      description: summaryOf(text) || promise,
      frontmatter: hasWideTable(text) ? { ...frontmatter, aside: false, pageClass: "wide-page" } : frontmatter
    }
  },
  buildEnd: ({ outDir }) => writeForModels(outDir),

  themeConfig: {
    logo: "/icon.svg",
    nav: [
      { text: "Guides", link: "/first-steps", activeMatch: "^/(?!reference|$)" },
      { text: "Reference", link: `${base}reference/index.html`, target: "_self", rel: "" }
    ],
    sidebar: navigation.map(
      ({ pages, text }): DefaultTheme.SidebarItem => ({
        text,
        items: pages.map((path) => ({ text: titleOf(path), link: addressOf(path) ?? "/" }))
      })
    ),
    outline: [2, 3],
    socialLinks: repository === undefined ? [] : [{ icon: "github", link: repository }],
    search: {
      provider: "local",
      options: {
        // Hundreds of figures in tables would be found in place of what explains them.
        _render: (text, env, md) => (env.relativePath.endsWith("MEASUREMENTS.md") ? "" : md.render(text, env)),
        miniSearch: {
          // A short word that is written otherwise is another word: lock and block.
          searchOptions: {
            fuzzy: (term: string) => (term.length > 6 ? 0.2 : false),
            boost: { title: 6, titles: 2, text: 1 }
          }
        }
      }
    }
  },

  vite: {
    resolve: {
      alias: [{ find: /^.*\/VPHome\.vue$/, replacement: fileURLToPath(new URL("theme/Home.ts", import.meta.url)) }]
    },
    publicDir: fileURLToPath(new URL("../public", import.meta.url)),
    plugins: [
      {
        // The guides are outside of the folder that has the packages, so Vite looks for Vue in the wrong place.
        name: "vue-of-the-site",
        enforce: "pre",
        resolveId: (id, _, { ssr }) => (ssr && /^vue(\/|$)/.test(id) ? { id, external: true } : undefined)
      }
    ]
  }
})

function hasWideTable(text: string): boolean {
  return text
    .split("\n")
    .some((line) => /^\|(?: *:?-+:? *\|)+$/.test(line) && line.split("|").length - 2 > widestBesideOutline)
}
