import { createServer } from "node:http"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import { CacheRedis } from "@hexcache/cache-redis"
import { Config, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "./Api.ts"
import { handlers } from "./Handlers.ts"
import { inMemory } from "./inMemory.ts"

/** A request goes on without a cache that is away, and does not wait for one that stays away. */
const cache = FailOpen.layer.pipe(
  Layer.provide(Breaker.layer()),
  Layer.provide(
    CacheRedis.layerConfig({
      url: Config.withDefault(Config.Redacted("REDIS_URL"), "redis://localhost:6379"),
      namespace: Config.succeed("example-http-api")
    })
  )
)

const routes = HttpApiBuilder.layer(Api).pipe(Layer.provide(handlers))

HttpRouter.serve(routes).pipe(
  Layer.provide([NodeHttpServer.layer(createServer, { port: Number(process.env.PORT ?? 3000) }), cache, inMemory]),
  Layer.launch,
  NodeRuntime.runMain
)
