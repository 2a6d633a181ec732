/**
 * Checks the addresses of servers. Refusals quote nothing of a URL, which may hold a password.
 *
 * @internal
 */
import { identity, Redacted } from "effect"
import type { Endpoint } from "./connection/NodeRedisClient.ts"
import type { HostAndPort, NodeAddress, NodeAddressMap, Secret } from "./Options.ts"
import * as RedisUrl from "./RedisUrl.ts"

/** Checks one server: by URL, by host and port, or by the path of its socket. */
export const endpoint = (options: {
  readonly url?: Secret | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
  readonly database?: number | undefined
}): Endpoint => {
  const { database, host, path, port, url } = options
  if ([url, host, path].filter((given) => given !== undefined).length !== 1) {
    throw new RangeError("one of url, host and path says where the server is")
  }
  const found =
    url !== undefined
      ? RedisUrl.parse(reveal(url))
      : path !== undefined
        ? { socket: { path: nonEmpty("path", path), tls: false as const } }
        : { socket: nodeOf(host as string, port) }
  if (database === undefined) return found
  if (!Number.isSafeInteger(database) || database < 0) throw new RangeError("database is an integer from 0")
  return { ...found, database }
}

/** Checks the address of a node of a cluster or of a sentinel. */
export const node = (address: NodeAddress): Endpoint =>
  typeof address === "object" && address !== null && !Redacted.isRedacted(address) && "host" in address
    ? { socket: nodeOf(address.host, address.port) }
    : RedisUrl.parse(reveal(address))

/** The host and port of an endpoint by TCP. */
export const hostAndPort = ({ socket }: Endpoint): { readonly host: string; readonly port: number } => {
  if (socket === undefined || !("host" in socket) || typeof socket.host !== "string") {
    throw new RangeError("a node has a host and a port")
  }
  return { host: socket.host, port: socket.port ?? 6_379 }
}

/** The same endpoint on another host. */
export const at = (endpoint: Endpoint, host: string, port: number): Endpoint => ({
  ...endpoint,
  socket: { ...endpoint.socket, host, port } as NonNullable<Endpoint["socket"]>
})

/** Checks a mapping of announced addresses. A function that throws, or returns no address, maps nothing. */
export const addressMap = (map: NodeAddressMap | undefined): ((announced: HostAndPort) => HostAndPort) => {
  if (map === undefined) return identity
  if (typeof map === "function") {
    return (announced) => {
      try {
        const mapped = map(`${announced.host}:${announced.port}`)
        return mapped === undefined ? announced : nodeOf(mapped.host, mapped.port)
      } catch {
        return announced
      }
    }
  }
  if (typeof map !== "object" || map === null) throw new RangeError("nodeAddressMap is an object or a function")
  const nodes = new Map(Object.entries(map).map(([address, { host, port }]) => [address, nodeOf(host, port)]))
  return (announced) => nodes.get(`${announced.host}:${announced.port}`) ?? announced
}

const nodeOf = (host: string, port = 6_379) => {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError("port is an integer from 1 to 65535")
  return { host: nonEmpty("host", host), port }
}

export const nonEmpty = (name: string, input: unknown): string => {
  if (typeof input === "string" && input !== "") return input
  throw new RangeError(`${name} is a text that is not empty`)
}

export const reveal = (secret: unknown): unknown => (Redacted.isRedacted(secret) ? Redacted.value(secret) : secret)
