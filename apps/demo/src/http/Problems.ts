/** The errors of the HTTP API, as problem details (RFC 9457). */
import { Schema } from "effect"
import { HttpApiError, HttpApiSchema } from "effect/http-api"

/** 403: asked for by another site. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()("Forbidden", {
  type: "about:blank",
  status: 403,
  title: "Forbidden"
}) {}

/** 404: no such city, country or path. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: "about:blank",
  status: 404,
  title: "Not Found"
}) {}

/** 409: the Redis is not the demo's own. */
export class NoOwnRedis extends HttpApiError.Problem<NoOwnRedis>()("NoOwnRedis", {
  type: "about:blank",
  status: 409,
  title: "Conflict"
}) {}

/** 503: Redis was started and did not answer. */
export class RedisDidNotStart extends HttpApiError.Problem<RedisDidNotStart>()("RedisDidNotStart", {
  type: "about:blank",
  status: 503,
  title: "Service Unavailable"
}) {}

/** 429: the client asks too often. */
export class TooManyRequests extends HttpApiError.Problem<TooManyRequests>()(
  "TooManyRequests",
  {
    type: "about:blank",
    status: 429,
    title: "Too Many Requests"
  },
  {
    /** Whole seconds until the client may ask again, at least 1. */
    retryAfter: Schema.Int
  }
) {}

/** `TooManyRequests` with its header `Retry-After`. */
export const TooManyRequestsWithHeader = TooManyRequests.pipe(
  HttpApiSchema.encodeToWithHeaders(
    {
      body: TooManyRequests,
      headers: { "retry-after": Schema.Int }
    },
    {
      decode: ({ body }) => body,
      encode: (problem) => ({ body: problem, headers: { "retry-after": problem.retryAfter } })
    }
  )
)
