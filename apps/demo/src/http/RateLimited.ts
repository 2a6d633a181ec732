/**
 * The rate limit of the HTTP API.
 */
import { Duration, Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { RateLimit, Verdict } from "../domain/RateLimit.ts"
import { TooManyRequests, TooManyRequestsWithHeader } from "./Problems.ts"

/** Responds with 429 to a client address that sends too many requests. */
export class RateLimited extends HttpApiMiddleware.Service<RateLimited>()("@hexcache/demo/http/RateLimited", {
  error: TooManyRequestsWithHeader
}) {
  static readonly layer: Layer.Layer<RateLimited, never, RateLimit> = Layer.effect(
    RateLimited,
    Effect.gen(function* () {
      const rateLimit = yield* RateLimit
      return (handler) =>
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const client = Option.getOrElse(request.remoteAddress, () => "unknown")
          return yield* Verdict.$match(yield* rateLimit.check(client), {
            Allowed: () => handler,
            Limited: ({ retryAfter }) => Effect.fail(tooMany(retryAfter))
          })
        })
    })
  )
}

const tooMany = (left: Duration.Duration): TooManyRequests => {
  const retryAfter = Math.max(1, Math.ceil(Duration.toSeconds(left)))
  return new TooManyRequests({ retryAfter, detail: `Try again in ${retryAfter} s` })
}
