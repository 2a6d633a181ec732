/**
 * Where the master is, by asking the sentinels.
 *
 * node-redis's own Sentinel client sends a command again whose answer was lost. So the sentinels are only asked for the
 * master's address, and the connection to it is an ordinary one.
 *
 * @internal
 */
import { createClient } from "@redis/client"
import type { Endpoint } from "./Client.ts"
import type { Node } from "./Cluster.ts"

/** Which group, and how to ask it. Times are in milliseconds. */
export interface SentinelOptions {
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  /** One endpoint for each sentinel. */
  readonly sentinels: ReadonlyArray<() => Promise<Endpoint>>
  /** By when a sentinel has answered. */
  readonly timeout: number
}

/** Finds the master: what most sentinels say, or where it was last when none of them answers. */
export const makeMasterFinder = ({ name, sentinels, timeout }: SentinelOptions): (() => Promise<Node>) => {
  let last: Node | undefined
  return async () => {
    const told = (await Promise.all(sentinels.map((sentinel) => ask(sentinel, name, timeout)))).filter(isNode)
    last = mostTold(told) ?? last
    if (last === undefined) throw new Error("no sentinel answers")
    return last
  }
}

const isNode = (told: Node | undefined): told is Node => told !== undefined

const mostTold = (told: ReadonlyArray<Node>): Node | undefined => {
  const votes = (node: Node) => told.filter(({ host, port }) => host === node.host && port === node.port).length
  return told.toSorted((one, other) => votes(other) - votes(one))[0]
}

/** Asks one sentinel over a connection of its own; undefined when it does not answer in time, or knows no such master. */
const ask = async (sentinel: () => Promise<Endpoint>, name: string, timeout: number): Promise<Node | undefined> => {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeout)
  const ended = new Promise<undefined>((resolve) => {
    abort.signal.addEventListener("abort", () => resolve(undefined), { once: true })
  })
  const asking = async (): Promise<Node | undefined> => {
    const endpoint = await sentinel()
    const client = createClient({
      ...endpoint,
      RESP: 2,
      disableClientInfo: true,
      maintNotifications: "disabled",
      commandOptions: { timeout: 0 },
      socket: { ...endpoint.socket, signal: abort.signal, reconnectStrategy: false } as NonNullable<Endpoint["socket"]>
    })
    client.on("error", () => {})
    abort.signal.addEventListener("abort", () => client.destroy(), { once: true })
    await client.connect()
    const reply: unknown = await client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])
    if (!Array.isArray(reply) || typeof reply[0] !== "string") return undefined
    return { host: reply[0], port: Number(reply[1]) }
  }
  try {
    return await Promise.race([asking().catch(() => undefined), ended])
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
}

/** Admits a connection to a master only: a sentinel may still name one that has just been replaced. */
export const admitMaster = async (send: (...args: ReadonlyArray<string>) => Promise<unknown>): Promise<void> => {
  const role = await send("ROLE")
  if (!Array.isArray(role) || role[0] !== "master") throw new Error("the server is not a master")
}
