/**
 * The client of node-redis, with everything switched off that the adapter does itself.
 *
 * @internal
 */
import { RedisClient, type RedisClientOptions } from "@redis/client"
import { typeMappings } from "../commands/typeMappings.ts"

/** The part of node-redis's options that names the server and the user. */
export type Endpoint = Pick<RedisClientOptions, "socket" | "username" | "password" | "credentialsProvider" | "database">

/** The address of an endpoint: `host:port`, or the path of a Unix socket. */
export const endpointAddress = ({ socket = {} }: Endpoint): string =>
  "path" in socket && socket.path !== undefined
    ? socket.path
    : `${("host" in socket && socket.host) || "localhost"}:${("port" in socket && socket.port) || 6_379}`

/** A client of node-redis, of which every attempt to connect has one of its own. */
export type NodeRedisClient = ReturnType<typeof createNodeRedisClient>

/**
 * A client that does nothing by itself: it keeps nothing for later, and does not reconnect.
 *
 * The class itself, not one made by `createClient`: that adds a method for each of Redis's commands, which blocks the
 * event loop, and does so again for each new set of options.
 */
export const createNodeRedisClient = (endpoint: Endpoint, signal: AbortSignal) => {
  const { credentialsProvider, socket } = endpoint
  const client = new RedisClient({
    // It logs in again with each of them; others are the handshake's.
    ...(credentialsProvider?.type === "streaming-credentials-provider" ? { credentialsProvider } : undefined),
    RESP: 3,
    disableClientInfo: true,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    // The client's own timeout covers only what is not written yet, and costs an AbortSignal a command.
    commandOptions: { timeout: 0, ...typeMappings.plain },
    socket: {
      ...socket,
      // Not among the client's types, and handed on to the socket: ends it in every phase, while it connects too.
      signal,
      // None: its timer takes an event loop that was blocked for a server that is silent. The signal ends the attempt.
      connectTimeout: 0,
      reconnectStrategy: false
    } as NonNullable<RedisClientOptions["socket"]>,
    emitInvalidate: true
  })
  // It reads RESP 3 and hands messages on, and requests neither: a refusal in its own handshake would end the connection.
  Object.assign(client.options, { RESP: 2, emitInvalidate: false })
  decodeWithoutStacks(client)
  return client
}

interface Decoder {
  write: (chunk: Buffer) => void
}

/**
 * Lets a client make errors without a stack. It makes an `Error` of each error reply, and its stack, which nobody reads,
 * costs several times the rest of the reply: thousands of commands may be redirected in one turn of the event loop.
 *
 * The queue is the client's own. Where a later version has none, errors keep their stacks.
 */
const decodeWithoutStacks = (client: { readonly _getQueue?: () => { readonly decoder?: Decoder } }): void => {
  const decoder = client._getQueue?.().decoder
  if (decoder === undefined) return
  const write = decoder.write.bind(decoder)
  decoder.write = (chunk) => {
    const { stackTraceLimit } = Error
    // Does nothing where the realm's intrinsics are frozen, in which an assignment would throw.
    Reflect.set(Error, "stackTraceLimit", 0)
    try {
      write(chunk)
    } finally {
      Reflect.set(Error, "stackTraceLimit", stackTraceLimit)
    }
  }
}
