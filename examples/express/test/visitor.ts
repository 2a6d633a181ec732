import { once } from "node:events"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { CachePromise } from "@hexcache/cache-promise"
import { makeApp } from "../src/app.ts"

/** A server, and a visitor who keeps the cookie. */
export const visit = async (cache: CachePromise) => {
  const server: Server = makeApp(cache, "of the test").listen(0)
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  let cookie = ""
  return {
    cookie: () => cookie,
    request: async (method: "GET" | "POST", path: string, body: unknown = {}) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { cookie, "content-type": "application/json" },
        ...(method === "POST" ? { body: JSON.stringify(body) } : {})
      })
      cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? cookie
      return { status: response.status, text: await response.text() }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
