import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { redisDriver } from "bentocache/drivers/redis"
import type { Adapter } from "../src/outage/Adapter.ts"

export const open: Adapter["open"] = async (url) => {
  const { hostname: host, port } = new URL(url)
  const bento = new BentoCache({
    default: "multitier",
    stores: {
      multitier: bentostore()
        .useL1Layer(memoryDriver({ maxSize: "10mb" }))
        .useL2Layer(redisDriver({ connection: { host, port: Number(port) } }))
    }
  })
  return {
    get: (key) => bento.get<string>({ key }),
    set: (key, value) => bento.set({ key, value }),
    close: () => bento.disconnectAll()
  }
}
