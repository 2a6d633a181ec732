/**
 * The HTTP server.
 */

import { NodeHttpServer } from "@effect/platform-node"
import type { Breaker, FailOpen } from "@hexcache/cache-layers"
import type { CachePort } from "@hexcache/cache-port"
import { Console, type Duration, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, type HttpServerError, HttpServerRespondable } from "effect/http"
import { HttpApiBuilder, HttpApiMiddleware } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import type { QueryCount } from "../cities/QueryCount.ts"
import type { Cities } from "../domain/Cities.ts"
import type { RateLimit } from "../domain/RateLimit.ts"
import type { Visits } from "../domain/Visits.ts"
import { PageApi } from "../show/page/PageApi.ts"
import { pageFiles } from "../show/page/pageFiles.ts"
import { pageHandlers } from "../show/page/pageHandlers.ts"
import { SameOrigin } from "../show/page/SameOrigin.ts"
import type { Load } from "../show/watch/Load.ts"
import type { Snapshots } from "../show/watch/Snapshot.ts"
import { Api } from "./Api.ts"
import { catalogueHandlers } from "./catalogueHandlers.ts"
import * as gracefulServer from "./gracefulServer.ts"
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

/** Every route, for a server of any kind. What is measured of the cache is at `/metrics`, as Prometheus reads it. */
export const routes = Layer.mergeAll(
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide([catalogueHandlers, statusHandlers]),
    Layer.provide([RateLimited.layer, HttpApiMiddleware.layerProblemDetails({ includeDetails: true })])
  ),
  PrometheusMetrics.layerHttp({
    metricNameMapper: (name) => (name.endsWith(".duration") ? `${name}.seconds` : name)
  }),
  HttpRouter.add(
    "GET",
    "/*",
    HttpServerRespondable.toResponse(new NotFound({ detail: "There is nothing at this path" }))
  )
)

/** The page and what it asks. Added before `routes`, whose last one would take its place. */
export const pageRoutes = Layer.mergeAll(
  HttpApiBuilder.layer(PageApi).pipe(
    Layer.provide(pageHandlers),
    Layer.provide([SameOrigin.layer, HttpApiMiddleware.layerProblemDetails({ includeDetails: true })])
  ),
  pageFiles
)

/** Serves the catalogue and its page on loopback until it is interrupted, and then finishes the requests that it has. */
export const listen = ({
  port,
  stopWithin = "10 seconds"
}: ServerOptions): Effect.Effect<
  never,
  HttpServerError.ServeError,
  Breaker | CachePort | Cities | FailOpen | Load | QueryCount | RateLimit | Snapshots | Visits
> => {
  const { server, stop } = gracefulServer.make(stopWithin)
  const serving = HttpRouter.serve(Layer.merge(pageRoutes, routes), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(Layer.provideMerge(NodeHttpServer.layer(() => server, { host: "127.0.0.1", port })))

  return HttpServer.addressFormattedWith((url) => Console.log(`  Listening on ${url}`)).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => Effect.andThen(Console.log("  Stopping: requests in flight finish"), stop)),
    Effect.provide(serving)
  )
}
