/**
 * URLs of Redis, as options of node-redis. Read here, since the errors of both `URL` and node-redis quote the URL, the
 * password with it.
 *
 * @internal
 */
import type { Endpoint } from "./connection/NodeRedisClient.ts"

/** Throws `RangeError`, which quotes nothing of it, for a URL that is not one of Redis. */
export const parse = (url: unknown): Endpoint => {
  try {
    if (typeof url === "string") return url.startsWith("unix:") ? socketFile(url) : server(new URL(url))
  } catch {
    // The thrown error quotes the URL.
  }
  throw new RangeError(
    "url is redis[s]:// or valkey[s]://[[user][:password]@]host[:port][/database], or unix://[[user][:password]@]/path[?db=database]"
  )
}

const server = ({ hash, hostname, password, pathname, port, protocol, search, username }: URL): Endpoint => {
  if (!/^(?:redis|valkey)s?:$/.test(protocol) || hostname === "" || search !== "" || hash !== "") throw new RangeError()
  return {
    ...credentials(username, password),
    ...database(pathname.slice(1)),
    socket: {
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: port === "" ? 6379 : Number(port),
      ...(protocol === "rediss:" || protocol === "valkeys:" ? { tls: true } : undefined)
    }
  }
}

const unixUrl = /^unix:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?(\/[^?#]+)(?:\?db=(.*))?$/

const socketFile = (url: string): Endpoint => {
  const [, username = "", password = "", path = "", index = ""] = unixUrl.exec(url) ?? []
  if (path === "") throw new RangeError()
  return {
    ...credentials(username, password),
    ...database(index),
    socket: { path: decodeURIComponent(path), tls: false }
  }
}

const credentials = (username: string, password: string): Pick<Endpoint, "username" | "password"> => ({
  ...(username === "" ? undefined : { username: decodeURIComponent(username) }),
  ...(password === "" ? undefined : { password: decodeURIComponent(password) })
})

const database = (index: string): Pick<Endpoint, "database"> => {
  if (index === "") return {}
  if (!/^\d{1,9}$/.test(index)) throw new RangeError()
  return { database: Number(index) }
}
