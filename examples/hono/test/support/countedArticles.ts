import type { Article, Articles } from "../../src/app.ts"

/** A database of one article, which notes the ids that are looked up. */
export const countedArticles = (): Articles & { readonly lookups: ReadonlyArray<string> } => {
  const titles = new Map([["1", "On caches"]])
  const lookups: Array<string> = []
  return {
    lookups,
    find: async (id): Promise<Article | undefined> => {
      lookups.push(id)
      const title = titles.get(id)
      return title === undefined ? undefined : { id, title }
    },
    rename: async (id, title) => void titles.set(id, title)
  }
}
