import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { serve } from "@hono/node-server"
import { type Article, makeApp } from "./app.ts"

const titles = new Map([["1", "On caches"]])

const cache = await CachePromise.open(
  CacheRedis.layer({ url: process.env.REDIS_URL ?? "redis://localhost:6379", namespace: "example-hono" }),
  { failOpen: true, breaker: true }
)

const app = makeApp(cache, {
  // Think of a slow query.
  find: async (id): Promise<Article | undefined> => {
    const title = titles.get(id)
    return title === undefined ? undefined : { id, title }
  },
  rename: async (id, title) => void titles.set(id, title)
})

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) =>
  console.log(`Listening on http://localhost:${port}/articles/1`)
)

process.once("SIGTERM", () => server.close(() => cache.close()))
