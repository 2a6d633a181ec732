/** Opens a cache, uses it, closes it, and has nothing left to do. */
import { CacheRedis } from "@hexcache/cache-redis"
import { CachePromise } from "../../src/index.ts"

const [url = ""] = process.argv.slice(2)
// Long, so that a busy machine is no fault of the cache's.
const commandTimeout = "20 seconds"
await using cache = await CachePromise.open(CacheRedis.layer({ url, namespace: "program", commandTimeout }))
await cache.set("greeting", "hello", { ttl: "1 minute" })
console.log(await cache.get("greeting"))
