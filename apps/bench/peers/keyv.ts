import KeyvRedis from "@keyv/redis"
import Keyv from "keyv"
import type { Adapter } from "../src/outage/Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const keyv = new Keyv(new KeyvRedis(url))
  keyv.on("error", (error) => console.error("Connection Error", error))
  return {
    get: (key) => keyv.get<string>(key),
    set: (key, value) => keyv.set(key, value),
    close: () => keyv.disconnect()
  }
}
