import { createClient } from "redis"
import type { Adapter } from "../src/outage/Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const client = await createClient({ url })
    .on("error", (error) => console.log("Redis Client Error", error))
    .connect()
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    close: async () => client.destroy()
  }
}
