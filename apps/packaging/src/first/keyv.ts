/** The example of cache-keyv. */
import { CacheKeyv } from "@hexcache/cache-keyv"
import Keyv from "keyv"
import { layer } from "./layer.ts"

const users = new Keyv({ store: await CacheKeyv.open(layer), namespace: "users" })
if (!(await users.set("42", { name: "Ada" }, 60_000))) throw new Error("the first write failed")
if ((await users.get("42"))?.name !== "Ada") throw new Error("the value was lost")
await users.disconnect()
