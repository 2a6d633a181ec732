/**
 * The one place where replies and socket errors become reasons.
 *
 * The first word of an error reply decides. Its text goes no further: the reply to an unknown command echoes its
 * arguments, values among them. The same holds for socket errors, whose text names the server's address.
 *
 * @internal
 */
import {
  AccessDenied,
  type CacheErrorReason,
  ConnectionLost,
  DriverFailure,
  type DriverResult,
  OutOfMemory,
  OutOfRange,
  TimedOut,
  Unavailable,
  Unknown,
  WrongType
} from "@hexcache/cache-port"
import { ErrorReply, SocketClosedUnexpectedlyError } from "@redis/client"
import * as Reply from "./Reply.ts"

type Reason = (code: string, text: string) => CacheErrorReason

const unavailable =
  (message: string) =>
  (code: string): CacheErrorReason =>
    new Unavailable({ message: `${message} (${code})` })
const denied =
  (message: string) =>
  (code: string): CacheErrorReason =>
    new AccessDenied({ message: `${message} (${code})` })

/** The name in the server's table of commands, not the caller's text: `client|tracking`. */
const deniedCommand = /has no permissions to run the '([a-z][a-z0-9.|_-]*)' command/

/** The right that a user lacks, as far as the reply names it. */
const lackOf = (text: string): string => {
  const [, name] = deniedCommand.exec(text) ?? []
  if (name !== undefined) return `run ${name.replace("|", " ").toUpperCase()}`
  if (/ permissions to access (?:a|one of the) channel/.test(text)) return "use this channel"
  if (/ permissions to access (?:a|one of the) key/.test(text)) return "touch this key"
  return "run this command or touch this key"
}

/** First words of error replies: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const byFirstWord: Record<string, Reason> = {
  LOADING: unavailable("the server is loading its data"),
  READONLY: unavailable("the server is a read-only replica"),
  MASTERDOWN: unavailable("the replica has lost its master"),
  CLUSTERDOWN: unavailable("the cluster is down"),
  TRYAGAIN: unavailable("the keys are moving between nodes"),
  BUSY: unavailable("the server is busy with a script"),
  MISCONF: unavailable("the server cannot save and takes no writes"),
  NOREPLICAS: unavailable("the server has too few replicas to take writes"),
  NOAUTH: denied("the server asks for a password"),
  WRONGPASS: denied("the server refuses this user and password"),
  NOPERM: (code, text) => new AccessDenied({ message: `the user may not ${lackOf(text)} (${code})` }),
  DENIED: denied("the server is in protected mode"),
  OOM: () => new OutOfMemory({ message: "the server is out of memory (OOM)" }),
  WRONGTYPE: () => new WrongType({ message: "the key holds something that cannot be counted on" }),
  OUTOFRANGE: () => new OutOfRange({ message: "the result would not be a safe integer" })
}

/** Replies whose first word is the general `ERR`, by how their text begins. */
const byText: ReadonlyArray<readonly [begin: string, reason: Reason]> = [
  ["ERR max number of clients", () => new OutOfMemory({ message: "the server has reached its maximum of clients" })],
  ["ERR This instance has cluster support disabled", unavailable("the server is no node of a cluster")],
  // Until Redis 6.2, and since 7.0.
  ["ERR unknown command `SENTINEL`", unavailable("the server is no sentinel")],
  ["ERR unknown command 'SENTINEL'", unavailable("the server is no sentinel")],
  ["ERR AUTH", denied("the server knows no password")],
  ["ERR Client sent AUTH", denied("the server knows no password")],
  // Until Redis 7.0, and since 7.2.
  ["ERR The user executing the script", denied("the user may not run a command of this script")],
  [
    "ERR ACL failure in script",
    (code, text) => new AccessDenied({ message: `the user may not ${lackOf(text)} in a script (${code})` })
  ],
  // Before Redis 6.0.
  ["ERR wrong number of arguments for 'auth'", denied("the server knows a password only, and no users")],
  ["ERR DB index is out of range", denied("the server has no database of this number")],
  ["ERR invalid DB index", denied("the server has no database of this number")]
]

/** The first word of an error reply, where it is one. */
export const serverCodeOf = (error: unknown): string | undefined =>
  error instanceof ErrorReply ? codeOf(error.message) : undefined

const firstWord = /^[A-Z][A-Z0-9_]*/

const codeOf = (text: string): string => firstWord.exec(text)?.[0] ?? "ERR"

/** Redirects to another node of the cluster: for good (`MOVED`), or for this command only (`ASK`). */
export class Redirection extends DriverFailure {
  readonly host: string
  readonly port: number
  constructor(code: "MOVED" | "ASK", host: string, port: number) {
    super(redirected[code], "NotExecuted", code)
    this.host = host
    this.port = port
  }
}

/** Made once: a reason has a stack trace, and thousands of commands in flight may be redirected together. */
const redirected = {
  MOVED: new Unavailable({ message: "the key is on another node (MOVED)" }),
  ASK: new Unavailable({ message: "the key is on another node (ASK)" })
}

/** The name and line of a script, which Redis 6.2 puts in front of its errors. */
const inScript = /^(?:ERR Error running script \(call to \w+\): @user_script:\d+: )?@user_script: \d+: /

const redirection = /^(MOVED|ASK) \d+ (.*):(\d+)$/

/** The failure that an error reply stands for. The server refused, so nothing was executed. */
const fromReply = (code: string, text: string): DriverFailure => {
  const [, redirecting, host = "", port] = redirection.exec(text) ?? []
  if (redirecting === "MOVED" || redirecting === "ASK") {
    return host === Reply.nameless
      ? new DriverFailure(redirected[redirecting], "NotExecuted", redirecting)
      : new Redirection(redirecting, host, Number(port))
  }
  const met = text.replace(inScript, "")
  if (met !== text) return fromText(met.startsWith("-") ? met.slice(1) : `ERR ${met}`)
  const reason = byFirstWord[code] ?? byText.find(([begin]) => text.startsWith(begin))?.[1]
  return new DriverFailure(
    reason?.(code, text) ?? new Unknown({ message: `the server answered with an error (${code})` }),
    "NotExecuted",
    code
  )
}

const deniedByTls = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/

/** The failure for the text of an error, which a script returns as a value. */
export const fromText = (text: string): DriverFailure => fromReply(codeOf(text), text)

/** A key that holds another type reads as absent. */
export const absentWhenOtherType = (failure: DriverFailure): DriverResult<undefined> =>
  failure.serverCode === "WRONGTYPE" ? undefined : failure

/** The failure of an attempt to connect, with which operations fail until one succeeds. */
export const fromConnect = (error: unknown): DriverFailure => {
  if (error instanceof DriverFailure) return error
  const replied = serverCodeOf(error)
  if (replied !== undefined) return fromReply(replied, (error as ErrorReply).message)
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
  if (code !== undefined && deniedByTls.test(code)) return new DriverFailure(denied("TLS was refused")(code))
  return notNow(`no connection is ready${code === undefined ? "" : ` (${code})`}`)
}

/** True if a connection ended because it was cut, and not because of what came on it. */
export const isCut = (error: unknown): boolean =>
  error instanceof SocketClosedUnexpectedlyError ||
  (error instanceof Error && "code" in error && typeof error.code === "string" && /^E(?!RR_)[A-Z]+$/.test(error.code))

/**
 * The failure of a command that the client rejected. `sent` is true if it had left. A reply that begins with no code is
 * not the server's: a proxy wrote it, or bytes were damaged, and the command may have been executed.
 */
export const fromCommand = (error: unknown, sent: boolean): DriverFailure => {
  const replied = serverCodeOf(error)
  if (replied === undefined) return lost(sent)
  const text = (error as ErrorReply).message
  const failure = fromReply(replied, text)
  return firstWord.test(text) || inScript.test(text)
    ? failure
    : new DriverFailure(failure.reason, "Unknown", failure.serverCode)
}

/** The failure of an operation that was not sent, or that the server did not carry out. */
const notNow = (message: string, serverCode?: string): DriverFailure =>
  new DriverFailure(new Unavailable({ message }), "NotExecuted", serverCode)

/** The connection broke. */
export const lost = (sent: boolean): DriverFailure =>
  sent
    ? new DriverFailure(new ConnectionLost({ message: "the connection broke before the answer" }), "Unknown")
    : notNow("the connection broke before the operation was sent")

/** The deadline passed. */
export const timedOut = (sent: boolean, millis: number): DriverFailure =>
  new DriverFailure(new TimedOut({ message: `no answer within ${millis} ms` }), sent ? "Unknown" : "NotExecuted")

/** Too many operations wait for their results. */
export const tooManyPending = (maxPending: number): DriverFailure =>
  notNow(`${maxPending} operations wait for their answers already`)

/** The layer's scope is closed. */
export const closed = (): DriverFailure => notNow("the cache is closed")

/** The first attempt to connect is not over. */
export const connecting = (): DriverFailure => notNow("no connection is ready yet")

/** The server does not know HELLO, and nothing else was allowed. */
export const noHello = (code: string | undefined): DriverFailure =>
  notNow(`no connection is ready: the server does not know HELLO, as RESP 3 needs it (${code})`, code)

/** The effect of `credentials` failed, or has no password. */
export const noCredentials = (): DriverFailure => notNow("no connection is ready: the credentials cannot be obtained")

/** The server, or a proxy in front of it, broke the connection instead of answering HELLO. */
export const hungUpAtHello = (): DriverFailure => notNow("no connection is ready: the server hung up at HELLO")

/** The server itself does not reply to PING, so that no fence can prove a reply. */
export const noEcho = (): DriverFailure =>
  notNow("no connection is ready: the server does not answer PING with its text")

/** The server speaks RESP 2, in which it sends nothing but replies. */
export const noMessages = (): DriverFailure =>
  notNow("it speaks RESP 2, which has no messages beside replies, as RESP 3 has")

/** The handshake was not over in time. */
export const noHandshake = (millis: number): DriverFailure =>
  notNow(`no connection is ready: no handshake within ${millis} ms`)

/** No reply came for a whole deadline. */
export const silent = (): DriverFailure => notNow("no connection is ready: the server fell silent")

/** Replies no longer match commands, so no reply of this connection can be trusted. */
export const outOfStep = (): DriverFailure => notNow("no connection is ready: the server's replies were out of step")

/** No node of the cluster has returned the map of slots yet. */
export const noTopology = (): DriverFailure => notNow("no node of the cluster has answered yet")

/** The map of slots has gaps. */
export const uncoveredSlots = (): DriverFailure => notNow("a part of the cluster's slots has no master")

/** The server is no longer the master of its group. */
export const anotherMaster = (): DriverFailure => notNow("no connection is ready: the sentinels name another master")

/** Nodes redirect to each other. */
export const redirectedTooOften = ({ serverCode }: Redirection): DriverFailure =>
  notNow(`the nodes of the cluster redirect to each other (${serverCode})`, serverCode)

/** The node is no longer on the map of the cluster. */
export const leftCluster = (): DriverFailure => notNow("the node is no longer in the cluster")

/** The reply is of an unexpected type. */
export const unexpectedReply = (): DriverFailure =>
  new DriverFailure(new Unknown({ message: "the server answered with another type than asked for" }), "Unknown")
