import { CacheKeyv } from "@hexcache/cache-keyv"
import { CacheMemory } from "@hexcache/cache-memory"
import Keyv from "keyv"
import { expect, test } from "vitest"

test("Keyv keeps its values in a cache of ours", async () => {
  const store = await CacheKeyv.open(CacheMemory.layer({ namespace: "shop" }))
  const users = new Keyv({ store, namespace: "users" })
  await users.set("42", { name: "Ada" }, 60_000)
  expect(await users.get("42")).toEqual({ name: "Ada" })
  expect(await users.delete("42")).toBe(true)
  expect(await users.get("42")).toBeUndefined()
  await users.disconnect()
})
