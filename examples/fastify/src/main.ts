import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { makeApp } from "./app.ts"

const cache = await CachePromise.open(
  CacheRedis.layer({ url: process.env.REDIS_URL ?? "redis://localhost:6379", namespace: "example-fastify" }),
  { breaker: true }
)

// Think of a slow computation.
const app = makeApp(cache, async (article, currency) => article.length * (currency === "EUR" ? 95 : 100))

console.log(`Listening on ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}/prices/tea/EUR`)

process.once("SIGTERM", () => app.close())
