import { CachePersistence } from "@hexcache/cache-effect"
import { CacheRedis } from "@hexcache/cache-redis"
import { Layer } from "effect"
import type { Adapter } from "../Adapter.ts"
import { openPersisted } from "./openPersisted.ts"

export const open: Adapter["open"] = (url) =>
  openPersisted(CachePersistence.layer.pipe(Layer.provide(CacheRedis.layer({ url, namespace: "bench" }))))
