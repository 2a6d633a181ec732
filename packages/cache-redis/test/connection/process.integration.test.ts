/**
 * A process and its cache, fault by fault: no crash, no unhandled rejection, no warning, closed within 500 ms, and then
 * the process exits by itself. `NODE_BINARIES=/path/to/node22:/path/to/node24` names the Nodes; the one that runs the
 * tests unless given.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { askRedis, FaultProxy, freePort, RedisServer } from "@hexcache/redis-testkit"
import { createClient } from "@redis/client"
import { Effect } from "effect"
import { unaskedReplies } from "../storm/faults.ts"
import { patience } from "../support/bounds.ts"

const nodes = process.env.NODE_BINARIES?.split(":").filter((path) => path !== "") ?? [process.execPath]

/** Ends a process, and returns its output. */
interface Running {
  readonly end: () => Promise<Ended>
}

interface Ended {
  readonly closed: number
  readonly succeeded: number
  readonly failures: Readonly<Record<string, number>>
  /** Timers and sockets that were there after the end. */
  readonly left: ReadonlyArray<string>
  readonly code: number | null
  readonly stderr: string
  /** From the end of its work to its exit, in milliseconds. */
  readonly lingered: number
}

const start = async (node: string, url: string): Promise<Running> => {
  const program = new URL("../programs/underFault.ts", import.meta.url).pathname
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", program, url], { stdio: "pipe" })
  const exited = once(child, "close")
  let stderr = ""
  child.stderr.on("data", (text) => {
    stderr += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await lines.next()
  assert.strictEqual(first.value, "running", stderr)
  return {
    end: async () => {
      child.stdin.on("error", () => {})
      child.stdin.write("\n")
      const { value } = await lines.next()
      const over = performance.now()
      const killer = setTimeout(() => child.kill("SIGKILL"), 30_000)
      const [code] = await exited
      clearTimeout(killer)
      assert.strictEqual(code, 0, stderr)
      return { ...JSON.parse(value ?? ""), code, stderr, lingered: performance.now() - over }
    }
  }
}

/** Where a process runs. */
interface Place {
  readonly redis: RedisServer
  readonly proxy: FaultProxy
}

interface Case {
  /** Before the process starts. */
  readonly before?: (place: Place) => void | Promise<void>
  /** Runs beside the process, which ends behind it. */
  readonly during?: (place: Place) => void | Promise<void>
  /** The URL, where it is not the proxy's. */
  readonly url?: (place: Place) => string
  readonly args?: ReadonlyArray<string>
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
  }
}

/** Checks what every process must come to. */
const check = (run: () => Promise<Ended>) =>
  Effect.promise(async () => {
    const ended = await run()
    assert.strictEqual(ended.code, 0)
    assert.strictEqual(ended.stderr, "")
    assert.notProperty(ended.failures, "defect")
    assert.deepStrictEqual(ended.left, [])
    assert.isAbove(ended.succeeded + Object.values(ended.failures).reduce((sum, count) => sum + count, 0), 20)
    assert.isAtMost(ended.closed, 500 + patience)
    assert.isBelow(ended.lingered, 3_000 + patience)
  })

const running = (node: string, { args = [], before, during, url = ({ proxy }) => proxy.url }: Case) =>
  check(async () => {
    const redis = await RedisServer.start({ args })
    const proxy = await FaultProxy.start(redis.port)
    const place = { redis, proxy }
    try {
      await before?.(place)
      const { end } = await start(node, url(place))
      await sleep(300)
      await during?.(place)
      return await end()
    } finally {
      await proxy.stop()
      await redis.stop()
    }
  })

for (const node of nodes) {
  describe(`a process on ${node === process.execPath ? "this Node" : node}`, {
    concurrent: true
  }, () => {
    for (const [name, fault] of Object.entries(cases)) {
      it.live(`${name}: no crash, no warning, closed within 500 ms, exits by itself`, () => running(node, fault))
    }

    it.live("-DENIED at connect: no crash, no warning, closed within 500 ms, exits by itself", () =>
      check(async () => {
        const port = await freePort()
        // Redis says so only to who comes from another address than loopback.
        const denying = createServer((socket) => {
          socket.on("error", () => {})
          socket.end("-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
        })
        denying.listen(port, "127.0.0.1")
        const { end } = await start(node, `redis://127.0.0.1:${port}`)
        await sleep(1_500)
        const ended = await end()
        denying.close()
        assert.isAbove(ended.failures.AccessDenied ?? 0, 10)
        return ended
      })
    )

    it.live("max clients: no crash, no warning, closed within 500 ms, exits by itself", () =>
      check(async () => {
        const redis = await RedisServer.start({ args: ["--maxclients", "1"] })
        const other = createClient({ url: redis.url })
        other.on("error", () => {})
        await other.connect()
        const { end } = await start(node, redis.url)
        await sleep(1_500)
        const ended = await end()
        other.destroy()
        await redis.stop()
        assert.isAbove(ended.failures.OutOfMemory ?? 0, 10)
        return ended
      })
    )
  })
}
