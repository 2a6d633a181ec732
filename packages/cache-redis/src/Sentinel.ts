/**
 * Where the master is, by asking the sentinels.
 *
 * node-redis's own Sentinel client sends a command again whose answer was lost. So the sentinels are only asked for the
 * master's address, and the connection to it is an ordinary one.
 *
 * @internal
 */
import { AccessDenied, DriverFailure, Unavailable } from "@hexcache/cache-port"
import { RedisClient } from "@redis/client"
import type { Endpoint } from "./Client.ts"
import type { Node } from "./Cluster.ts"
import * as ReplyError from "./ReplyError.ts"

/** Which group, and how to reach its sentinels. Times are in milliseconds. */
export interface SentinelOptions {
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** One endpoint for each sentinel. */
  readonly sentinels: ReadonlyArray<(signal: AbortSignal) => Promise<Endpoint>>
  /** By when a sentinel has answered. */
  readonly timeout: number
}

/** How long the others have behind the first answer until that is enough, in milliseconds. */
const patience = 100

/**
 * Finds the master: where a majority of the sentinels says it is; else where most of those say that answer in time; where
 * it was last when none does. Rejects with a `DriverFailure`.
 */
export const makeMasterFinder = (options: SentinelOptions): ((signal: AbortSignal) => Promise<Node>) => {
  let last: Node | undefined
  return async (signal) => {
    const { failures, nodes } = await poll(options, signal)
    last = mostNamed(nodes) ?? last
    if (last === undefined) throw failureOf(failures)
    return last
  }
}

/** The answers of the sentinels, as far as they are needed. */
interface Answers {
  readonly nodes: ReadonlyArray<Node>
  readonly failures: ReadonlyArray<DriverFailure>
}

const poll = ({ name, sentinels, timeout }: SentinelOptions, signal: AbortSignal): Promise<Answers> =>
  new Promise((resolve) => {
    const nodes: Array<Node> = []
    const failures: Array<DriverFailure> = []
    const abort = new AbortController()
    let patienceTimer: NodeJS.Timeout | undefined
    const end = () => {
      clearTimeout(timer)
      clearTimeout(patienceTimer)
      signal.removeEventListener("abort", end)
      resolve({ nodes: [...nodes], failures: [...failures] })
      abort.abort()
    }
    const timer = setTimeout(end, timeout)
    signal.addEventListener("abort", end, { once: true })
    const judge = () => {
      if (abort.signal.aborted) return
      const votes = Math.max(0, ...nodes.map((node) => votesFor(node, nodes)))
      if (votes > sentinels.length / 2 || nodes.length + failures.length === sentinels.length) end()
      else if (nodes.length > 0) patienceTimer ??= setTimeout(end, patience)
    }
    for (const sentinel of sentinels) {
      ask(sentinel, name, abort.signal)
        .then(
          (node) => void nodes.push(node),
          (error) => void failures.push(ReplyError.fromConnect(error))
        )
        .then(judge)
    }
  })

const votesFor = (node: Node, nodes: ReadonlyArray<Node>): number =>
  nodes.filter(({ host, port }) => host === node.host && port === node.port).length

const mostNamed = (nodes: ReadonlyArray<Node>): Node | undefined =>
  nodes.toSorted((one, other) => votesFor(other, nodes) - votesFor(one, nodes))[0]

/** A refusal says more than a silence. */
const failureOf = (failures: ReadonlyArray<DriverFailure>): DriverFailure =>
  failures.find(({ reason }) => reason instanceof AccessDenied) ??
  failures.find((failure) => failure === unknownName) ??
  unavailable("no sentinel answers")

const unavailable = (message: string): DriverFailure => new DriverFailure(new Unavailable({ message }))

const unknownName = unavailable("no sentinel knows a master of this name")

/** Asks one sentinel over a connection of its own. */
const ask = async (
  sentinel: (signal: AbortSignal) => Promise<Endpoint>,
  name: string,
  signal: AbortSignal
): Promise<Node> => {
  const endpoint = await sentinel(signal)
  const client = new RedisClient({
    ...endpoint,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: "disabled",
    commandOptions: { timeout: 0 },
    socket: { ...endpoint.socket, signal, reconnectStrategy: false } as NonNullable<Endpoint["socket"]>
  })
  client.on("error", () => {})
  signal.addEventListener("abort", () => client.destroy(), { once: true })
  try {
    await client.connect()
    const reply: unknown = await client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])
    if (!Array.isArray(reply) || typeof reply[0] !== "string") throw unknownName
    return { host: reply[0], port: Number(reply[1]) }
  } finally {
    client.destroy()
  }
}

/** Admits a connection to a master only: a sentinel may still name one that has just been replaced. */
export const admitMaster = async (send: (...args: ReadonlyArray<string>) => Promise<unknown>): Promise<void> => {
  const role = await send("ROLE")
  if (!Array.isArray(role) || role[0] !== "master") throw unavailable("the server that the sentinels name is no master")
}
