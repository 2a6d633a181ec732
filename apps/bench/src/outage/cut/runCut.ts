import { fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { askRedis, FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { type Library, ours, peer } from "../Library.ts"
import type { CutReport } from "./cutProbe.ts"

/** The clients in the table of cut connections. */
export const cutLibraries: ReadonlyArray<Library> = [
  peer("node-redis", "cut/nodeRedis.ts", ["redis"]),
  peer("ioredis", "cut/ioredis.ts", ["ioredis6"]),
  ours("Effect's Redis", "cut/effectRedis.ts", ["effect", "@effect/platform-node"]),
  ours("hexcache", "cut/hexcache.ts", ["@hexcache/cache-redis"])
]

/** Ways to cut a connection. */
export const cutKinds = ["CLIENT KILL", "a proxy, by RST", "a proxy, before the replies"] as const
export type CutKind = (typeof cutKinds)[number]

/** Results of one client whose connection was cut again and again. */
export interface CutResult extends CutReport {
  readonly library: string
  readonly kind: CutKind
  /** Increments that Redis carried out beyond the calls that were made. */
  readonly countedTwice: number
}

/** How often the connection is cut, and the time between, in milliseconds. */
export const cuts = 10
const interval = 300
/** How long replies are held back before the connection is cut, in milliseconds. */
const replyLag = 20

/** Cuts the connection of one client, on a server of its own that stays well. */
export const runCut = async (library: Library, kind: CutKind): Promise<CutResult> => {
  const server = await RedisServer.start()
  const proxy = await FaultProxy.start(server.port)
  try {
    const script = fileURLToPath(new URL("cutProbe.ts", import.meta.url))
    const probe = fork(script, [library.adapter.href, proxy.url], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"]
    })
    try {
      await once(probe, "message")
      for (let cut = 0; cut < cuts; cut++) {
        await sleep(interval)
        await cutBy[kind](server, proxy)
      }
      await sleep(interval)
      const reported = once(probe, "message")
      probe.send("stop")
      const [report] = (await reported) as [CutReport]
      const counted = await Promise.all(["count", "bench:count"].map((key) => askRedis(server.url, ["GET", key])))
      const carriedOut = counted.reduce((sum, text) => sum + Number(text), 0)
      return {
        ...report,
        library: library.name,
        kind,
        countedTwice: Math.max(0, carriedOut - report.increments.count)
      }
    } finally {
      probe.kill("SIGKILL")
    }
  } finally {
    await proxy.stop()
    await server.stop()
  }
}

const cutBy: Record<CutKind, (server: RedisServer, proxy: FaultProxy) => Promise<void>> = {
  "CLIENT KILL": async (server) => {
    await askRedis(server.url, ["CLIENT", "KILL", "TYPE", "normal"])
  },
  "a proxy, by RST": async (_, proxy) => proxy.reset(),
  "a proxy, before the replies": async (_, proxy) => {
    proxy.dropReplies()
    await sleep(replyLag)
    proxy.reset()
    await proxy.heal()
  }
}
