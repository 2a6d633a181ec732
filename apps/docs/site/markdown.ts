/**
 * How the site reads Markdown that was written for GitHub.
 */
import { relative } from "node:path"
import type { MarkdownOptions } from "vitepress"
import { anchorOf, base, root, targetOf } from "./Site.ts"

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0]
type Tokens = Parameters<NonNullable<MarkdownIt["renderer"]["rules"]["table_open"]>>[0]

/** Tables of more columns than this get the whole width of the page. */
export const widestBesideOutline = 5

/**
 * Headings have GitHub's anchors, links lead to pages, a table scrolls inside of its box, and an empty header of a table is
 * none.
 */
export const markdown: MarkdownOptions = {
  theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  anchor: { slugify: anchorOf },
  config: (md) => {
    md.core.ruler.push("links", ({ env, tokens }) => {
      const page = relative(root, env.realPath ?? env.path)
      for (const { children } of tokens) leadLinks(page, children ?? [])
    })

    md.core.ruler.push("reference", ({ env, Token, tokens }) => {
      const [, name] = /^packages\/(.*)\/README\.md$/.exec(relative(root, env.realPath ?? env.path)) ?? []
      if (name === undefined) return
      const token = new Token("html_block", "", 0)
      const address = `${base}reference/modules/_hexcache_${name}.html`
      token.content = `<p><a href="${address}" target="_self">Reference of <code>@hexcache/${name}</code></a></p>\n`
      tokens.push(token)
    })

    md.core.ruler.push("empty-headers", ({ tokens }) => {
      for (const [at, token] of tokens.entries()) {
        const isEmpty = token.type === "inline" && token.content === "" && tokens[at - 1]?.type === "th_open"
        for (const side of isEmpty ? [tokens[at - 1], tokens[at + 1]] : []) if (side) side.tag = "td"
      }
    })

    md.renderer.rules.table_open = (tokens, at) => {
      const kind = columnsOf(tokens, at) > widestBesideOutline ? "table-box wide" : "table-box"
      return `<div class="${kind}" tabindex="0"><table>\n`
    }
    md.renderer.rules.table_close = () => "</table></div>\n"
  }
}

const leadLinks = (page: string, tokens: Tokens): void => {
  let isText = false
  for (const token of tokens) {
    if (token.type === "link_open") {
      const target = targetOf(page, token.attrGet("href") ?? "")
      isText = target === undefined
      if (target !== undefined) token.attrSet("href", target)
      else token.attrs = []
    }
    if (isText && token.type.startsWith("link_")) token.tag = "span"
    if (token.type === "link_close") isText = false
  }
}

const columnsOf = (tokens: Tokens, at: number): number => {
  const end = tokens.findIndex(({ type }, index) => index > at && type === "thead_close")
  return tokens.slice(at, end).filter(({ type }) => type === "th_open").length
}
