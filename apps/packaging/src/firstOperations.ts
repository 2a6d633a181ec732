/**
 * Starts programs anew again and again, with Redis up, and counts those whose first operations succeed.
 *
 *     first-operations [--count 100] [--only <words>]
 *
 * On one server, plain and by TLS, a cluster and a Sentinel group, on Node 22, this Node and Bun, near and far. Run it on
 * a machine that is quiet: a program that gets no processor in time fails by its deadline.
 */
import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs, promisify } from "node:util"
import {
  askRedis,
  FaultProxy,
  freePort,
  makeCertificate,
  RedisCluster,
  RedisSentinels,
  RedisServer
} from "@hexcache/redis-testkit"
import type { Order, Place } from "./first/layer.ts"
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
  readonly distance: number
  readonly stop: () => Promise<unknown>
}

const startServer = async (distance: number, isTls: boolean): Promise<Site> => {
  const certificate = isTls ? await makeCertificate() : undefined
  const tlsPort = await freePort()
  const server = await RedisServer.start({ args: certificate?.serverArgs(tlsPort) ?? [] })
  const proxy = await FaultProxy.start(isTls ? tlsPort : server.port)
  proxy.latency(distance / 2)
  const port = distance === 0 ? (isTls ? tlsPort : server.port) : proxy.port
  return {
    name: `one server${isTls ? " by TLS" : ""}`,
    place: {
      kind: "server",
      url: `redis${isTls ? "s" : ""}://localhost:${port}`,
      ...(certificate && { ca: certificate.cert })
    },
    distance,
    stop: async () => {
      await proxy.stop()
      await server.stop()
      certificate?.remove()
    }
  }
}

const startCluster = async (distance: number): Promise<Site> => {
  const cluster = await RedisCluster.start()
  const proxies = await Promise.all(
    cluster.servers.map(async (server) => {
      const proxy = await FaultProxy.start(server.port)
      proxy.latency(distance / 2)
      if (distance > 0) await askRedis(server.url, ["CONFIG", "SET", "cluster-announce-port", `${proxy.port}`])
      return proxy
    })
  )
  return {
    name: "a cluster",
    place: { kind: "cluster", rootNodes: (distance === 0 ? cluster.servers : proxies).map(({ url }) => url) },
    distance,
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()))
      await cluster.stop()
    }
  }
}

const startSentinels = async (distance: number): Promise<Site> => {
  const group = await RedisSentinels.start()
  const far = async ({ port }: RedisServer) => {
    const proxy = await FaultProxy.start(port)
    proxy.latency(distance / 2)
    return proxy
  }
  const [master, ...sentinels] = await Promise.all([group.master, ...group.sentinels].map(far))
  return {
    name: "a Sentinel group",
    place: {
      kind: "sentinel",
      name: group.name,
      sentinels: (distance === 0 ? group.sentinels : sentinels).map(({ url }) => url),
      nodeAddressMap:
        distance === 0 ? {} : { [`127.0.0.1:${group.master.port}`]: { host: "127.0.0.1", port: master?.port ?? 0 } }
    },
    distance,
    stop: async () => {
      await Promise.all([master, ...sentinels].map((proxy) => proxy?.stop()))
      await group.stop()
    }
  }
}

const programs = ["promise", "port", "keyv", "cached"]
let runs = 0

const succeeds = async (
  runtime: string,
  program: string,
  { place }: Site,
  commandTimeout?: number
): Promise<boolean> => {
  const order: Order = { place, namespace: `first-${++runs}`, ...(commandTimeout && { commandTimeout }) }
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
const runtimes = [
  ["this Node", process.execPath],
  ["Node 22", join(await bringTool({ name: "node", range: "^22.12.0", at: "newest" }, work), "node")],
  ["Bun", join(await bringTool({ name: "bun", range: "^1.0.0", at: "newest" }, work), "bun")]
] as const

const sites: ReadonlyArray<() => Promise<Site>> = [
  ...distances.flatMap((distance) => [
    () => startServer(distance, false),
    () => startServer(distance, true),
    () => startCluster(distance),
    () => startSentinels(distance)
  ])
]

let failures = 0
try {
  for (const start of sites) {
    const site = await start()
    try {
      // Where a few round trips take longer than the default deadline, users set a longer one.
      const timeout = site.distance > 60 ? farTimeout : undefined
      for (const [runtime, command] of site.distance === 0 ? runtimes : runtimes.slice(0, 1)) {
        for (const program of site.distance === 0 ? programs : programs.slice(0, 1)) {
          const deadline = timeout === undefined ? "" : `, commandTimeout ${timeout} ms`
          const title = `${site.name}, ${site.distance} ms away, ${runtime}, ${program}${deadline}`
          if (!title.includes(options.only)) continue
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
