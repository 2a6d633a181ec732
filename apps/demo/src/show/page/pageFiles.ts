/**
 * The files of the page, as they are: nothing builds them.
 */
import { readdirSync, readFileSync } from "node:fs"
import { extname } from "node:path"
import { HttpRouter, HttpServerResponse } from "effect/http"

const folder = new URL("../../../page/", import.meta.url)

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml"
}

/** Scripts, styles and data come from this server, and nothing else comes from anywhere. */
const headers = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; "),
  "cache-control": "no-cache",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

/** The page at `/`, and each file beside it under its name. */
export const pageFiles = HttpRouter.addAll(
  readdirSync(folder)
    .filter((name) => extname(name) in types)
    .map((name) =>
      HttpRouter.route(
        "GET",
        name === "index.html" ? "/" : `/${name}`,
        HttpServerResponse.uint8Array(readFileSync(new URL(name, folder)), {
          headers,
          contentType: types[extname(name)] as string
        })
      )
    )
)
