import { createClient } from "redis"
import type { ClientModule } from "../../src/outage/cut/Client.ts"

export const open: ClientModule["open"] = async (url) => {
  const client = await createClient({ url })
    .on("error", () => {})
    .connect()
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    increment: (key) => client.incr(key)
  }
}
