/**
 * What goes wrong over HTTP, as problem details (RFC 9457).
 */
import { Schema } from "effect"
import { HttpApiError, HttpApiSchema } from "effect/http-api"

/** 404: no such city, country or path. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: "about:blank",
  status: 404,
  title: "Not Found"
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
