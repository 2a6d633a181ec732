/**
 * What node-redis is told.
 *
 * @internal
 */
import { RESP_TYPES, RedisClient, type RedisClientOptions } from "@redis/client"

/** The part of node-redis's options that says whom to connect to, and as whom. */
export type Endpoint = Pick<RedisClientOptions, "socket" | "username" | "password" | "credentialsProvider" | "database">

/** The address of an endpoint: `host:port`, or the path of a Unix socket. */
export const addressOf = ({ socket = {} }: Endpoint): string =>
  "path" in socket && socket.path !== undefined
    ? socket.path
    : `${("host" in socket && socket.host) || "localhost"}:${("port" in socket && socket.port) || 6_379}`

/** A client of node-redis, of which every attempt to connect has one of its own. */
export type Client = ReturnType<typeof createRedisClient>

/**
 * A client that does nothing by itself: it keeps nothing for later, and does not reconnect.
 *
 * The class itself, not one made by `createClient`: that adds a method for each of Redis's commands, which blocks the
 * event loop, and does so again for each new set of options.
 */
export const createRedisClient = (endpoint: Endpoint, connectTimeout: number, signal: AbortSignal) => {
  const client = new RedisClient({
    ...endpoint,
    ...loginOf(endpoint),
    // Its handshake begins with HELLO, whose refusal is told, and which authenticates in the same step.
    RESP: 3,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    clientInfoTag: "hexcache",
    // The client's own timeout covers only what is not written yet, and costs an AbortSignal a command.
    commandOptions: { timeout: 0, ...plain },
    socket: {
      ...endpoint.socket,
      // Not among the client's types, and handed on to the socket: ends it in every phase, while it connects too.
      signal,
      connectTimeout,
      reconnectStrategy: false
    } as NonNullable<RedisClientOptions["socket"]>,
    emitInvalidate: true
  })
  // It hands messages on, and does not ask for them: a refusal in its handshake would end the connection.
  client.options.emitInvalidate = false
  return client
}

/** Logs in a user without a password too: node-redis leaves such a one out, and Redis takes any password from them. */
const loginOf = ({ credentialsProvider, password, username }: Endpoint) =>
  credentialsProvider?.type === "async-credentials-provider"
    ? {
        credentialsProvider: {
          ...credentialsProvider,
          credentials: async () => {
            const credentials = await credentialsProvider.credentials()
            return { ...credentials, ...passwordOf(credentials) }
          }
        }
      }
    : passwordOf({ password, username })

interface Login {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

const passwordOf = ({ password, username }: Login) => (username === undefined || password ? {} : { password: "none" })

/** Statuses such as `OK` are read as bytes, so that none is ever taken for a value. */
const plain = { typeMapping: { [RESP_TYPES.SIMPLE_STRING]: Buffer } }

/** Other ways to read a reply than node-redis's own. */
export const readings = {
  textsAsBytes: { typeMapping: { ...plain.typeMapping, [RESP_TYPES.BLOB_STRING]: Buffer } },
  numbersAsText: { typeMapping: { ...plain.typeMapping, [RESP_TYPES.NUMBER]: String } }
}

export type Reading = keyof typeof readings
