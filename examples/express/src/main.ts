import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { makeApp } from "./app.ts"

// A Redis of the sessions' own, or a database of one, that evicts nothing. The breaker asks it only now and then while it
// is away.
const cache = await CachePromise.open(
  CacheRedis.layer({ url: process.env.REDIS_URL ?? "redis://localhost:6379", namespace: "example-express" }),
  { breaker: true }
)

const port = Number(process.env.PORT ?? 3000)
const server = makeApp(cache, process.env.SECRET ?? crypto.randomUUID()).listen(port, () =>
  console.log(`Listening on http://localhost:${port}`)
)

process.once("SIGTERM", () => server.close(() => cache.close()))
