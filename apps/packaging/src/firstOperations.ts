/**
 * Starts programs anew again and again, with Redis up, and counts those whose first operations succeed.
 *
 *     first-operations [--count 100] [--only <words>]
 *
 * On one server, a cluster and a Sentinel group, plain and by TLS, on Node 22, this Node and Bun, near and far. Run it on
 * a machine that is quiet: a program that gets no processor in time fails by its deadline.
 */
import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs, promisify } from "node:util"
import {
  askRedis,
  type Certificate,
  FaultProxy,
  freePort,
  makeCertificate,
  RedisCluster,
  RedisSentinels,
  RedisServer
} from "@hexcache/redis-testkit"
import type { AddressMap, Order, Place } from "./first/layer.ts"
import { bringTool } from "./tools.ts"

const { values: options } = parseArgs({
  options: { count: { type: "string", default: "100" }, only: { type: "string", default: "" } }
})
const count = Number(options.count)

/** Milliseconds to and fro. */
const distances = [0, 20, 60, 120]

/** A `commandTimeout` for a server that is far away, in milliseconds. */
const farTimeout = 1_000

interface Site {
  readonly name: string
  readonly place: Place
  /** The certificate of servers that are reached by TLS. */
  readonly ca: string | undefined
  readonly distance: number
  /** The number of round trips the first operation takes. */
  readonly trips: number
  readonly stop: () => Promise<unknown>
}

/** The way to a server: a proxy that delays, in front of its port for TLS where there is a certificate. */
const wayTo = async (server: RedisServer, distance: number, certificate?: Certificate) => {
  let port = server.port
  if (certificate !== undefined) {
    port = await freePort()
    const args = certificate.serverArgs(port).map((arg) => arg.replace(/^--/, ""))
    await askRedis(server.url, ["CONFIG", "SET", ...args])
  }
  const proxy = await FaultProxy.start(port)
  proxy.latency(distance / 2)
  return {
    announced: `127.0.0.1:${server.port}`,
    port: distance === 0 ? port : proxy.port,
    stop: () => proxy.stop()
  }
}

type Way = Awaited<ReturnType<typeof wayTo>>

const addressMapOf = (ways: ReadonlyArray<Way>): AddressMap =>
  Object.fromEntries(ways.map(({ announced, port }) => [announced, { host: "127.0.0.1", port }]))

const urlOf = ({ port }: Way): string => `redis://127.0.0.1:${port}`

const startServer = async (distance: number, certificate?: Certificate) => {
  const server = await RedisServer.start()
  const way = await wayTo(server, distance, certificate)
  return {
    name: "one server",
    trips: 2,
    place: { kind: "server", url: `redis://localhost:${way.port}` } as const,
    stop: async () => {
      await way.stop()
      await server.stop()
    }
  }
}

const startCluster = async (distance: number, certificate?: Certificate) => {
  const cluster = await RedisCluster.start()
  const ways = await Promise.all(cluster.servers.map((server) => wayTo(server, distance, certificate)))
  return {
    name: "a cluster",
    trips: 3,
    place: { kind: "cluster", rootNodes: ways.map(urlOf), nodeAddressMap: addressMapOf(ways) } as const,
    stop: async () => {
      await Promise.all(ways.map((way) => way.stop()))
      await cluster.stop()
    }
  }
}

const startSentinels = async (distance: number, certificate?: Certificate) => {
  const group = await RedisSentinels.start()
  const master = await wayTo(group.master, distance, certificate)
  const sentinels = await Promise.all(group.sentinels.map((server) => wayTo(server, distance)))
  return {
    name: "a Sentinel group",
    trips: 3,
    place: {
      kind: "sentinel",
      name: group.name,
      sentinels: sentinels.map(urlOf),
      nodeAddressMap: addressMapOf([master])
    } as const,
    stop: async () => {
      await Promise.all([master, ...sentinels].map((way) => way.stop()))
      await group.stop()
    }
  }
}

const start = async (
  begin: typeof startServer | typeof startCluster | typeof startSentinels,
  distance: number,
  isTls: boolean
): Promise<Site> => {
  const certificate = isTls ? await makeCertificate() : undefined
  const { name, place, stop, trips } = await begin(distance, certificate)
  return {
    name: isTls ? `${name} by TLS` : name,
    place,
    ca: certificate?.cert,
    distance,
    trips: isTls ? trips + 1 : trips,
    stop: async () => {
      await stop()
      certificate?.remove()
    }
  }
}

const programs = ["promise", "port", "keyv", "cached"]
let runs = 0

const succeeds = async (
  runtime: string,
  program: string,
  { ca, place }: Site,
  commandTimeout?: number
): Promise<boolean> => {
  const order: Order = {
    place,
    namespace: `first-${++runs}`,
    ...(ca && { ca }),
    ...(commandTimeout && { commandTimeout })
  }
  const script = new URL(`first/${program}.ts`, import.meta.url).pathname
  try {
    await promisify(execFile)(runtime, [script, JSON.stringify(order)], { timeout: 30_000 })
    return true
  } catch (error) {
    console.error((error as { stderr?: string }).stderr?.match(/^.*(Error|error).*$/m)?.[0] ?? error)
    return false
  }
}

const work = await mkdtemp(join(tmpdir(), "hexcache-first-"))
/** Brings a runtime for the first row that needs it. */
const once = (name: "node" | "bun", range: string) => {
  let brought: Promise<string> | undefined
  return () => (brought ??= bringTool({ name, range, at: "newest" }, work).then((folder) => join(folder, name)))
}
const runtimes = [
  ["this Node", async () => process.execPath],
  ["Node 22", once("node", "^22.12.0")],
  ["Bun", once("bun", "^1.0.0")]
] as const

const sites: ReadonlyArray<() => Promise<Site>> = distances.flatMap((distance) =>
  [startServer, startCluster, startSentinels].flatMap((begin) => [
    () => start(begin, distance, false),
    () => start(begin, distance, true)
  ])
)

let failures = 0
try {
  for (const open of sites) {
    const site = await open()
    try {
      // Where the first round trips take about as long as the default deadline, users set a longer one.
      const timeout = site.distance * site.trips > 200 ? farTimeout : undefined
      for (const [runtime, bring] of site.distance === 0 ? runtimes : runtimes.slice(0, 1)) {
        for (const program of site.distance === 0 ? programs : programs.slice(0, 1)) {
          const deadline = timeout === undefined ? "" : `, commandTimeout ${timeout} ms`
          const title = `${site.name}, ${site.distance} ms away, ${runtime}, ${program}${deadline}`
          if (!title.includes(options.only)) continue
          const command = await bring()
          let succeeded = 0
          for (let run = 0; run < count; run++) if (await succeeds(command, program, site, timeout)) succeeded++
          failures += count - succeeded
          console.log(`${succeeded} of ${count}: ${title}`)
        }
      }
    } finally {
      await site.stop()
    }
  }
} finally {
  await rm(work, { recursive: true, force: true })
}
if (failures > 0) process.exitCode = 1
