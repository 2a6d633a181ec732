import { createStorage } from "unstorage"
import redisDriver from "unstorage/drivers/redis"
import type { Adapter } from "../src/outage/Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const { hostname: host, port } = new URL(url)
  const storage = createStorage<string>({
    driver: redisDriver({ base: "unstorage", host, port: Number(port) })
  })
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    close: () => storage.dispose()
  }
}
