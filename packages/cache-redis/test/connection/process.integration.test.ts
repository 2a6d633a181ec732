/**
 * Processes and their caches, fault by fault: no crash, no unhandled rejection, no warning, closed within 500 ms, and
 * then the process exits by itself. `NODE_BINARIES=/path/to/node22:/path/to/node24` names the Nodes; the one that runs the
 * tests unless given.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { askRedis, FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { unaskedReplies } from "../storm/faults.ts"
import { patience } from "../support/bounds.ts"

const nodes = process.env.NODE_BINARIES?.split(":").filter((path) => path !== "") ?? [process.execPath]

/** How the operations of one cache ended, and how long its close took, in milliseconds. */
interface Closed {
  readonly closed: number
  readonly succeeded: number
  readonly failures: Readonly<Record<string, number>>
}

/** The end of a process. */
interface Ended {
  /** Timers and sockets that were there after the last cache was closed. */
  readonly left: ReadonlyArray<string>
  readonly code: number | null
  readonly stderr: string
  /** From the end of its work to its exit, in milliseconds. */
  readonly lingered: number
}

/** A process with a cache of each URL. */
interface Running {
  readonly close: (index: number) => Promise<Closed>
  readonly ended: Promise<Ended>
  readonly kill: () => void
}

const start = async (node: string, urls: ReadonlyArray<string>): Promise<Running> => {
  const program = new URL("../programs/underFault.ts", import.meta.url).pathname
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", program, ...urls], { stdio: "pipe" })
  const exited = once(child, "close")
  let stderr = ""
  child.stderr.on("data", (text) => {
    stderr += text
  })
  child.stdin.on("error", () => {})
  const lines = createInterface({ input: child.stdout })
  await Promise.race([once(lines, "line"), exited.then(() => assert.fail(stderr))])
  const awaited = new Map<number | "end", PromiseWithResolvers<unknown>>()
  const lineOf = (key: number | "end"): Promise<unknown> => {
    const line = Promise.withResolvers<unknown>()
    awaited.set(key, line)
    return line.promise
  }
  lines.on("line", (line) => {
    const value = JSON.parse(line)
    awaited.get(value.index ?? "end")?.resolve(value)
  })
  exited.then(() => {
    for (const { reject } of awaited.values()) reject(new Error(`The process ended: ${stderr}`))
  })
  const end = async (): Promise<Ended> => {
    const { left } = (await lineOf("end")) as Pick<Ended, "left">
    const over = performance.now()
    const killer = setTimeout(() => child.kill("SIGKILL"), 30_000)
    const [code] = await exited
    clearTimeout(killer)
    return { left, code, stderr, lingered: performance.now() - over }
  }
  return {
    close: async (index) => {
      const closed = lineOf(index)
      child.stdin.write(`${index}\n`)
      return (await closed) as Closed
    },
    ended: end(),
    kill: () => child.kill("SIGKILL")
  }
}

/** Where a cache is used. */
interface Place {
  readonly redis: RedisServer
  readonly proxy: FaultProxy
}

interface Case {
  /** Before the process starts. */
  readonly before?: (place: Place) => unknown
  /** Runs while the cache is used, which is closed behind it. */
  readonly during?: (place: Place) => unknown
  /** The URL, where it is not the proxy's. */
  readonly url?: (place: Place) => string
  readonly args?: ReadonlyArray<string>
  /** The failure that operations end with. */
  readonly failure?: string
}

const repeated = async (times: number, millis: number, once: (index: number) => void | Promise<void>) => {
  for (let index = 0; index < times; index++) {
    await once(index)
    await sleep(millis)
  }
}

const lasting = async (begin: () => void) => {
  begin()
  await sleep(1_000)
}

const cases: Readonly<Record<string, Case>> = {
  "no fault": {},
  "server down at start": { before: ({ redis }) => redis.kill(), url: ({ redis }) => redis.url },
  "server frozen at start": { before: ({ redis }) => redis.freeze() },
  "server killed under load": { during: ({ redis }) => redis.kill(), url: ({ redis }) => redis.url },
  "server killed and restarted, five times": {
    during: ({ redis }) => repeated(5, 100, () => redis.restart()),
    url: ({ redis }) => redis.url
  },
  "server frozen under load": { during: ({ redis }) => lasting(() => redis.freeze()) },
  "server frozen a moment ago": { during: ({ redis }) => redis.freeze() },
  "server frozen and thawed, five times": {
    during: ({ redis }) =>
      repeated(5, 50, async () => {
        redis.freeze()
        await sleep(200)
        redis.thaw()
      })
  },
  "black hole": { during: ({ proxy }) => lasting(() => proxy.blackHole()) },
  "black hole a moment ago": { during: ({ proxy }) => proxy.blackHole() },
  "half-open sockets, ten times": { during: ({ proxy }) => repeated(10, 150, () => proxy.halfOpen()) },
  "bytes held": { during: ({ proxy }) => lasting(() => proxy.hold()) },
  "replies dropped": { during: ({ proxy }) => lasting(() => proxy.dropReplies()) },
  "reset, thirty times": { during: ({ proxy }) => repeated(30, 40, () => proxy.reset()) },
  "connections refused": { during: ({ proxy }) => lasting(() => proxy.refuse()) },
  "latency of 200 ms": { during: ({ proxy }) => lasting(() => proxy.latency(100)) },
  "protocol garbage, thirty times": { during: ({ proxy }) => repeated(30, 40, () => proxy.garbage()) },
  "an unasked reply of every type of RESP": {
    during: ({ proxy }) => repeated(unaskedReplies.length, 60, (index) => proxy.inject(unaskedReplies[index] as string))
  },
  "replies in slices": { during: ({ proxy }) => lasting(() => proxy.slice()) },
  "nothing is read": { during: ({ proxy }) => lasting(() => proxy.stopReading()) },
  "handshake never answered": { before: ({ proxy }) => proxy.mute(), during: () => sleep(1_500) },
  "cut after sending, ten times": { during: ({ proxy }) => repeated(10, 100, () => proxy.cutAfter(300)) },
  WRONGPASS: {
    args: ["--requirepass", "right"],
    url: ({ redis }) => redis.url.replace("//", "//:wrong@"),
    during: () => sleep(1_500)
  },
  NOAUTH: { args: ["--requirepass", "right"], during: () => sleep(1_500) },
  "invalid database number": { url: ({ redis }) => `${redis.url}/99`, during: () => sleep(1_500) },
  "connections killed by the server, ten times": {
    during: ({ redis }) =>
      repeated(10, 60, async () => void (await askRedis(redis.url, ["CLIENT", "KILL", "TYPE", "normal"])))
  },
  "-DENIED at connect": {
    // Redis says so only to who comes from another address than loopback.
    before: async ({ proxy }) => {
      await proxy.stop()
      const denying = createServer((socket) => {
        socket.on("error", () => {})
        socket.end("-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
      })
      denying.listen(proxy.port, "127.0.0.1").unref()
      await once(denying, "listening")
    },
    during: () => sleep(1_500),
    failure: "AccessDenied"
  },
  "max clients": {
    args: ["--maxclients", "1"],
    before: ({ redis }) =>
      createClient({ url: redis.url, socket: { reconnectStrategy: false } })
        .on("error", () => {})
        .connect(),
    url: ({ redis }) => redis.url,
    during: () => sleep(1_500),
    failure: "OutOfMemory"
  }
}

/** Uses a cache for each case in one process, all at the same time. */
const startAll = async (node: string, group: ReadonlyArray<Case>) => {
  const places = await Promise.all(
    group.map(async ({ args = [], before }): Promise<Place> => {
      const redis = await RedisServer.start({ args })
      const place = { redis, proxy: await FaultProxy.start(redis.port) }
      await before?.(place)
      return place
    })
  )
  const urlOf = ({ url = ({ proxy }: Place) => proxy.url }: Case, index: number) => url(places[index] as Place)
  const { close, ended, kill } = await start(node, group.map(urlOf))
  const closed = group.map(async ({ during }, index) => {
    await sleep(300)
    await during?.(places[index] as Place)
    return close(index)
  })
  return {
    closed,
    ended,
    stop: async () => {
      kill()
      await Promise.allSettled(closed)
      await Promise.all(places.flatMap(({ proxy, redis }) => [proxy.stop(), redis.stop()]))
    }
  }
}

/** Cases that share a process. */
const groupSize = 10

for (const node of nodes) {
  const names = Object.keys(cases)
  for (let from = 0; from < names.length; from += groupSize) {
    const group = names.slice(from, from + groupSize)
    describe(`a process on ${node === process.execPath ? "this Node" : node}, from "${group[0]}" on`, () => {
      let running: Awaited<ReturnType<typeof startAll>>
      beforeAll(async () => {
        running = await startAll(
          node,
          group.map((name) => cases[name] as Case)
        )
      })
      afterAll(() => running.stop())

      for (const [index, name] of group.entries()) {
        it(`${name}: no crash, and the cache closes within 500 ms`, async () => {
          const { closed, failures, succeeded } = await (running.closed[index] as Promise<Closed>)
          const { failure } = cases[name] as Case
          assert.notProperty(failures, "defect")
          assert.isAbove(succeeded + Object.values(failures).reduce((sum, count) => sum + count, 0), 20)
          assert.isAtMost(closed, 500 + patience)
          if (failure !== undefined) assert.isAbove(failures[failure] ?? 0, 10)
        })
      }

      it("The process warns of nothing, leaves nothing open, and exits by itself", async () => {
        const { code, left, lingered, stderr } = await running.ended
        assert.strictEqual(stderr, "")
        assert.strictEqual(code, 0)
        assert.deepStrictEqual(left, [])
        assert.isBelow(lingered, 3_000 + patience)
      })
    })
  }
}
