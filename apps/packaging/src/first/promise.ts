/** The example of cache-promise. */
import { CachePromise } from "@hexcache/cache-promise"
import { layer } from "./layer.ts"

const cache = await CachePromise.open(layer)
await cache.set("greeting", "hello", { ttl: "5 minutes" })
if ((await cache.get("greeting")) !== "hello") throw new Error("the cache has lost a value")
await cache.close()
