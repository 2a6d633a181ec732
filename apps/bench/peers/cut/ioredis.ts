import { Redis } from "ioredis6"
import type { ClientModule } from "../../src/outage/cut/Client.ts"

export const open: ClientModule["open"] = async (url) => {
  const client = new Redis(url)
  client.on("error", () => {})
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    increment: (key) => client.incr(key)
  }
}
