/**
 * A process that stores the keys of a run by the library itself, so that they have its own format.
 */
import type { Adapter } from "./Adapter.ts"
import { coldKey, coldKeys, hotKey, storedValue } from "./keys.ts"

const [adapter = "", url = ""] = process.argv.slice(2)
const { open }: Adapter = await import(adapter)
const cache = await open(url)
await cache.set(hotKey, storedValue(hotKey))
for (let index = 0; index < coldKeys; index++) await cache.set(coldKey(index), storedValue(coldKey(index)))
await cache.close()
process.exit()
