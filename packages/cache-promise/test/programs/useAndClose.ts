/** Opens a cache, uses it, closes it, and has nothing left to do. */
import { CacheRedis } from "@hexcache/cache-redis"
import { CachePromise } from "../../src/index.ts"

const [url = ""] = process.argv.slice(2)
await using cache = await CachePromise.open(CacheRedis.layer({ url, namespace: "program" }))
for (;;) {
  try {
    await cache.set("greeting", "hello", { ttl: "1 minute" })
    console.log(await cache.get("greeting"))
    break
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
