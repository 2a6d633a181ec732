/**
 * The agreement of a connection with its server before the first command: protocol, user, database and name.
 *
 * node-redis's own handshake ends the connection where a server does not know HELLO. This one begins with HELLO too, which
 * logs in by the same step, and goes on without it where it is refused. All of it goes out at once, so it takes one round
 * trip, and a second one where HELLO is refused.
 *
 * @internal
 */
import { type DriverFailure, Unavailable, Unknown } from "@hexcache/cache-port"
import { constVoid } from "effect/Function"
import * as ReplyError from "../commands/ReplyError.ts"
import { uniqueText } from "../platform/Platform.ts"
import type { Endpoint, NodeRedisClient } from "./NodeRedisClient.ts"

/** A version of Redis's protocol, RESP. */
export type Protocol = 2 | 3

/** The protocol and the name of a connection. */
export interface HandshakeOptions {
  /** By default 3, and 2 where the server refuses HELLO. */
  readonly protocol?: Protocol | undefined
  /** Shown by CLIENT LIST; none by default. */
  readonly connectionName?: string | undefined
}

type Args = ReadonlyArray<string>

/** The handshakes with one server. The next one begins with the protocol that the last one ended with. */
export class Handshake {
  readonly #options: HandshakeOptions
  #protocol: Protocol
  #role: unknown
  #isHelloPending = false

  constructor(options: HandshakeOptions) {
    this.#options = options
    this.#protocol = options.protocol ?? 3
  }

  /** The role of the last handshake's server, `master` or another; undefined where HELLO did not return it. */
  get role(): unknown {
    return this.#role
  }

  /**
   * Connects a client, and returns the protocol that it and the server speak from now on. `sendBehind` sends commands in
   * the same round trip; where HELLO turns out to be refused, they come too early.
   */
  async perform(client: NodeRedisClient, endpoint: Endpoint, sendBehind?: () => void): Promise<Protocol> {
    const begunWith = this.#protocol
    this.#role = undefined
    this.#isHelloPending = false
    const login = await loginOf(endpoint)
    try {
      await client.connect()
      return await this.#agree(client, login, endpoint.database, sendBehind)
    } catch (error) {
      // Where HELLO was known to be refused, the server may be another one by now.
      if (begunWith === 2) this.#protocol = this.#options.protocol ?? 3
      throw error
    }
  }

  /** The failure of an attempt to connect that met with this error. */
  failureOf(error: unknown): DriverFailure {
    return this.#isHelloPending && ReplyError.isCut(error) ? ReplyError.hungUpAtHello() : ReplyError.fromConnect(error)
  }

  async #agree(client: NodeRedisClient, login: Login, database = 0, sendBehind = constVoid): Promise<Protocol> {
    if (this.#protocol === 3) {
      this.#isHelloPending = true
      const hello = send(client, ["HELLO", "3", ...helloAuth(login)])
      const rest = this.#sendRest(client, database)
      sendBehind()
      const isKnown = await this.#isKnown(hello)
      this.#isHelloPending = false
      if (isKnown) {
        await rest()
        return 3
      }
      this.#protocol = 2
    }
    const loggedIn = auth(login).map((args) => send(client, args))
    const rest = this.#sendRest(client, database)
    await Promise.all(loggedIn)
    await rest()
    return 2
  }

  /** True if the server knows HELLO. Rejects if it refuses anything else, or HELLO where nothing else is allowed. */
  async #isKnown(hello: Promise<unknown>): Promise<boolean> {
    try {
      this.#role = fieldOf(await hello, "role")
      return true
    } catch (error) {
      const refusal = ReplyError.fromConnect(error)
      if (!isUnknownCommand(refusal)) throw error
      if (this.#options.protocol === 3) throw ReplyError.noHello(refusal.serverCode)
      return false
    }
  }

  /** Sends the commands behind the login, and returns a function that awaits them. */
  #sendRest(client: NodeRedisClient, database: number): () => Promise<void> {
    const { connectionName } = this.#options
    const text = `hexcache-${uniqueText()}`
    const selected = database === 0 ? undefined : send(client, ["SELECT", String(database)])
    const echoed = send(client, ["PING", text])
    // Last, as the refusal of the connection itself comes in the first one's place. A server that knows nothing of names
    // works as well.
    send(client, ["CLIENT", "SETINFO", "LIB-NAME", "node-redis(hexcache)"])
    if (connectionName !== undefined) send(client, ["CLIENT", "SETNAME", connectionName])
    return async () => {
      await selected
      await checkEcho(echoed, text)
    }
  }
}

/** A field of a reply that is a map, and by RESP 2 an array of names and values; undefined where there is none. */
export const fieldOf = (reply: unknown, name: string): unknown => {
  if (!Array.isArray(reply)) return (reply as Readonly<Record<string, unknown>>)[name]
  const at = reply.indexOf(name)
  return at === -1 ? undefined : reply[at + 1]
}

interface Login {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** The user to log in. Where credentials come as a stream, node-redis logs in with each of them by itself. */
const loginOf = async ({ credentialsProvider, password, username }: Endpoint): Promise<Login> => {
  if (credentialsProvider?.type === "async-credentials-provider") return credentialsProvider.credentials()
  return credentialsProvider === undefined ? { password, username } : {}
}

/** From a user without a password Redis takes any, the empty one too. */
const helloAuth = ({ password = "", username = "default" }: Login): Args =>
  username === "default" && password === "" ? [] : ["AUTH", username, password]

/** Servers from before there were users know only a password. */
const auth = ({ password = "", username = "" }: Login): ReadonlyArray<Args> => {
  if (username !== "") return [["AUTH", username, password]]
  return password === "" ? [] : [["AUTH", password]]
}

const send = (client: NodeRedisClient, args: Args): Promise<unknown> => {
  const reply = client.sendCommand(args)
  // Some replies are not awaited.
  reply.catch(() => {})
  return reply
}

/** Rejects unless the server itself replies to PING: otherwise no fence can prove a reply. */
const checkEcho = async (echoed: Promise<unknown>, text: string): Promise<void> => {
  try {
    if ((await echoed) === text) return
  } catch (error) {
    const refusal = ReplyError.fromConnect(error)
    if (isPassing(refusal)) return
    if (!isUnknownCommand(refusal)) throw error
  }
  throw ReplyError.noEcho()
}

/** The server refuses the command itself, and not its caller. */
const isUnknownCommand = ({ reason, serverCode }: DriverFailure): boolean =>
  reason instanceof Unknown && (serverCode === "ERR" || serverCode === "NOPROTO")

/** True for a refusal that does not disprove PING: the server is loading or busy, or the user may not PING. */
const isPassing = ({ reason, serverCode }: DriverFailure): boolean =>
  serverCode === "NOPERM" || (serverCode !== undefined && reason instanceof Unavailable)
