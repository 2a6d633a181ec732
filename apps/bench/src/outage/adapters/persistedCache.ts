import { NodeRedis } from "@effect/platform-node"
import { Layer } from "effect"
import { Persistence } from "effect/persistence"
import type { Adapter } from "../Adapter.ts"
import { openPersisted } from "./openPersisted.ts"

export const open: Adapter["open"] = (url) =>
  openPersisted(Persistence.layerRedis.pipe(Layer.provide(NodeRedis.layer({ url }))))
