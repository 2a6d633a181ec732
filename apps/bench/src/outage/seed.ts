/**
 * A process that stores the keys of a run by the library itself, so that they have its own format.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Adapter } from "./Adapter.ts"
import { coldKey, coldKeys, hotKey, storedValue } from "./keys.ts"

const [adapter = "", url = ""] = process.argv.slice(2)
const { open }: Adapter = await import(adapter)
const cache = await open(url)
// Some libraries open before they have connected, and some of those do not say that a write was not stored.
await sleep(1_000)
const store = async (key: string) => {
  if ((await cache.set(key, storedValue(key))) === false) throw new Error(`${key} was not stored`)
}
await store(hotKey)
for (let index = 0; index < coldKeys; index++) await store(coldKey(index))
await cache.close()
process.exit()
