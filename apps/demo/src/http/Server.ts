/**
 * The HTTP server.
 */
import { createServer } from "node:http"
import type { CachePort } from "@hexcache/cache-port"
import { NodeHttpServer } from "@effect/platform-node"
import { Console, type Duration, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerRespondable, type HttpServerError } from "effect/http"
import { HttpApiBuilder, HttpApiMiddleware } from "effect/http-api"
import type { QueryCount } from "../cities/QueryCount.ts"
import type { Cities } from "../domain/Cities.ts"
import type { FailOpen } from "../domain/FailOpen.ts"
import type { RateLimit } from "../domain/RateLimit.ts"
import type { Visits } from "../domain/Visits.ts"
import { Api } from "./Api.ts"
import { catalogueHandlers } from "./catalogueHandlers.ts"
import { NotFound } from "./Problems.ts"
import { RateLimited } from "./RateLimited.ts"
import { statusHandlers } from "./statusHandlers.ts"

/** Where and how the server listens. */
export interface ServerOptions {
  /** A port of loopback; 0 takes a free one. */
  readonly port: number
  /** How long a stop waits for the requests in flight. 10 seconds unless given. */
  readonly stopWithin?: Duration.Input | undefined
}

/** Every route, for a server of any kind. */
export const routes = Layer.merge(
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide([catalogueHandlers, statusHandlers]),
    Layer.provide([RateLimited.layer, HttpApiMiddleware.layerProblemDetails({ includeDetails: true })])
  ),
  HttpRouter.add("*", "/*", HttpServerRespondable.toResponse(new NotFound({ detail: "There is nothing at this path" })))
)

/** Serves the catalogue on loopback until it is interrupted. Then it takes no more requests and finishes those it has. */
export const listen = (
  { port, stopWithin = "10 seconds" }: ServerOptions
): Effect.Effect<
  never,
  HttpServerError.ServeError,
  CachePort | Cities | FailOpen | QueryCount | RateLimit | Visits
> => {
  const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, {
      host: "127.0.0.1",
      port,
      gracefulShutdownTimeout: stopWithin
    }))
  )
  return HttpServer.addressFormattedWith((url) => Console.log(`  Listening on ${url}`)).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => Console.log("  Stopping: requests in flight finish")),
    Effect.provide(server)
  )
}
