/**
 * The page's API is for the page alone.
 */
import { Effect, Layer } from "effect"
import { type Headers, HttpServerRequest } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { Forbidden } from "../../http/Problems.ts"

/**
 * Responds with 403 to requests that another site has a browser send. A request without a browser (by curl, for
 * example) names no origin.
 */
export class SameOrigin extends HttpApiMiddleware.Service<SameOrigin>()("@hexcache/demo/http/SameOrigin", {
  error: Forbidden
}) {
  static readonly layer: Layer.Layer<SameOrigin> = Layer.succeed(SameOrigin, (handler) =>
    Effect.gen(function* () {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const detail = refusal(headers)
      return yield* detail === undefined ? handler : Effect.fail(new Forbidden({ detail }))
    })
  )
}

const refusal = ({ host = "", origin, "sec-fetch-site": site }: Headers.Headers): string | undefined => {
  // A name that someone else's DNS says is this machine is a foreign site with our address.
  if (!loopback.test(host)) return "The demo answers to localhost and 127.0.0.1 only"
  if (origin !== undefined && origin !== `http://${host}`) return "Only the demo's own page may ask this"
  if (site !== undefined && site !== "same-origin" && site !== "none") return "Only the demo's own page may ask this"
  return undefined
}

const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/
