import type { CachePromise } from "@hexcache/cache-promise"
import { Hono } from "hono"

/** An article. */
export interface Article {
  readonly id: string
  readonly title: string
}

/** The database, which is slow and is right. */
export interface Articles {
  readonly find: (id: string) => Promise<Article | undefined>
  readonly rename: (id: string, title: string) => Promise<void>
}

/** Serves articles: a read comes from the cache where it can, and from the database while the cache is away. */
export const makeApp = (cache: CachePromise, articles: Articles) => {
  const cached = cache.cached({
    namespace: "article",
    lookup: (id: string) => articles.find(id),
    ttl: "5 minutes",
    // An article that is older is still better than an error page.
    staleFor: "1 day",
    // An id that does not exist is not looked up by every visitor.
    negativeTtl: "10 seconds"
  })

  return new Hono()
    .get("/articles/:id", async (c) => {
      const article = await cached.get(c.req.param("id"))
      return article === undefined ? c.notFound() : c.json(article)
    })
    .put("/articles/:id", async (c) => {
      const id = c.req.param("id")
      const { title } = await c.req.json<{ title: string }>()
      await articles.rename(id, title)
      // Behind the write: a read that begins after this never sees the old title.
      await cached.invalidate(id)
      return c.body(null, 204)
    })
    .get("/health", (c) => c.json({ breaker: cache.breakerState, hidden: cache.hiddenFailures }))
}
