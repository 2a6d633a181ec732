import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { FaultProxy } from "../src/FaultProxy.ts"
import { freePort } from "../src/freePort.ts"

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 5 })

/** A server that sends back what it is sent, and remembers it. */
let echo: Server
let proxy: FaultProxy
let atServer = ""
const clients: Array<Socket> = []
const servers = new Set<Socket>()

beforeEach(async () => {
  atServer = ""
  const port = await freePort()
  echo = createServer((socket) => {
    servers.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => servers.delete(socket))
    socket.on("data", (bytes) => {
      atServer += bytes.toString("latin1")
      socket.write(bytes)
    })
  }).listen(port, "127.0.0.1")
  await once(echo, "listening")
  proxy = await FaultProxy.start(port, { seed: 7 })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.stop()
  for (const socket of servers) socket.destroy()
  await new Promise((done) => echo.close(done))
})

/** A client that collects what it is sent, and how it was cut. */
const client = async () => {
  const socket = connect(proxy.port, "127.0.0.1")
  clients.push(socket)
  const seen = { socket, received: "", chunks: [] as number[], error: undefined as string | undefined }
  socket.setNoDelay(true)
  socket.on("error", (error: NodeJS.ErrnoException) => {
    seen.error = error.code
  })
  socket.on("data", (bytes) => {
    seen.received += bytes.toString("latin1")
    seen.chunks.push(bytes.length)
  })
  await once(socket, "connect")
  return seen
}

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `${from + index}\r\n`)

/** A client whose connection is known to reach the server. */
const ready = async () => {
  const seen = await client()
  seen.socket.write("hello\r\n")
  await eventually(() => expect(seen.received).toBe("hello\r\n"))
  seen.received = ""
  seen.chunks.length = 0
  atServer = ""
  return seen
}

test("bytes keep their order through latency that changes, a hold and slices", async () => {
  const seen = await ready()
  const all = lines(0, 3_000)
  for (const [index, line] of all.entries()) {
    if (index % 300 === 0) {
      proxy.latency([0, 30, 5, 50][(index / 300) % 4] ?? 0)
      await sleep(2)
    }
    if (index === 900) proxy.hold()
    if (index === 1_500) await proxy.heal()
    if (index === 2_400) proxy.slice()
    seen.socket.write(line)
  }
  await eventually(() => expect(seen.received.length).toBe(all.join("").length))
  expect(seen.received).toBe(all.join(""))
  expect(atServer).toBe(all.join(""))
})

test("latency delays each way", async () => {
  const seen = await ready()
  proxy.latency(50)
  const start = performance.now()
  seen.socket.write("a\r\n")
  await eventually(() => expect(seen.received).toBe("a\r\n"))
  expect(performance.now() - start).toBeGreaterThanOrEqual(100)
})

test("hold keeps bytes both ways until the proxy heals", async () => {
  const seen = await ready()
  proxy.hold()
  seen.socket.write("a\r\n")
  await sleep(50)
  expect(atServer).toBe("")
  for (const socket of servers) socket.write("b\r\n")
  await sleep(50)
  expect(seen.received).toBe("")
  await proxy.heal()
  await eventually(() => expect(seen.received).toBe("b\r\na\r\n"))
})

test("dropped replies are lost, and the requests are not", async () => {
  const seen = await ready()
  proxy.dropReplies()
  seen.socket.write("a\r\n")
  await eventually(() => expect(atServer).toBe("a\r\n"))
  await sleep(50)
  await proxy.heal()
  seen.socket.write("b\r\n")
  await eventually(() => expect(seen.received).toBe("b\r\n"))
})

test("a black hole swallows both ways, for good on what is open until it heals", async () => {
  const before = await ready()
  proxy.blackHole()
  const during = await client()
  before.socket.write("a\r\n")
  during.socket.write("b\r\n")
  await sleep(50)
  await proxy.heal()
  const after = await client()
  before.socket.write("c\r\n")
  during.socket.write("d\r\n")
  after.socket.write("e\r\n")
  await eventually(() => expect(after.received).toBe("e\r\n"))
  await sleep(50)
  expect([atServer, before.received, during.received]).toStrictEqual(["e\r\n", "", ""])
  expect([before.error, during.error]).toStrictEqual([undefined, undefined])
})

test("half-open: open connections go silent for good, new ones are fine", async () => {
  const before = await ready()
  proxy.halfOpen()
  const after = await ready()
  before.socket.write("a\r\n")
  after.socket.write("b\r\n")
  await eventually(() => expect(after.received).toBe("b\r\n"))
  await sleep(50)
  expect([atServer, before.received, before.error]).toStrictEqual(["b\r\n", "", undefined])
})

test("isolate: all but some connections go silent, and new ones are never answered", async () => {
  const kept = await ready()
  const ports = [...servers].map((socket) => socket.remotePort ?? 0)
  const silenced = await ready()
  proxy.isolate(ports)
  const during = await client()
  silenced.socket.write("a\r\n")
  during.socket.write("b\r\n")
  kept.socket.write("c\r\n")
  await eventually(() => expect(kept.received).toBe("c\r\n"))
  await sleep(50)
  expect([atServer, silenced.received, during.received]).toStrictEqual(["c\r\n", "", ""])
})

test("mute: new connections are accepted and never answered, open ones are fine", async () => {
  const before = await ready()
  proxy.mute()
  const during = await client()
  during.socket.write("a\r\n")
  before.socket.write("b\r\n")
  await eventually(() => expect(before.received).toBe("b\r\n"))
  await sleep(50)
  expect([atServer, during.received, during.error]).toStrictEqual(["b\r\n", "", undefined])
})

test("reset breaks open connections by RST", async () => {
  const seen = await ready()
  proxy.reset()
  await eventually(() => expect(seen.error).toBe("ECONNRESET"))
  await ready()
})

test("refuse breaks open connections and refuses new ones, until the proxy heals on the same port", async () => {
  const seen = await ready()
  proxy.refuse()
  await eventually(() => expect(seen.error).toBe("ECONNRESET"))
  await expect(client()).rejects.toThrow("ECONNREFUSED")
  await proxy.heal()
  await ready()
})

test("garbage is 1 to 64 bytes between replies", async () => {
  const seen = await ready()
  proxy.garbage()
  seen.socket.write("a\r\n")
  await eventually(() => expect(seen.received).toMatch(/a\r\n$/))
  expect(seen.received.length).toBeGreaterThanOrEqual(4)
  expect(seen.received.length).toBeLessThanOrEqual(67)
  expect(atServer).toBe("a\r\n")
})

test("an unasked reply is put between replies, never into one", async () => {
  const seen = await ready()
  proxy.inject("+OK\r\n")
  await eventually(() => expect(seen.received).toBe("+OK\r\n"))
  seen.socket.write("$3\r\na")
  await eventually(() => expect(seen.received).toBe("+OK\r\n$3\r\na"))
  proxy.inject("+OK\r\n")
  seen.socket.write("bc\r\n")
  await eventually(() => expect(seen.received).toBe("+OK\r\n$3\r\nabc\r\n+OK\r\n"))
})

test("slices are of 1 to 7 bytes", async () => {
  const seen = await ready()
  proxy.slice()
  const text = lines(0, 100).join("")
  seen.socket.write(text)
  await eventually(() => expect(seen.received).toBe(text))
  expect(seen.chunks.length).toBeGreaterThan(text.length / 14)
})

test("what is not read piles up on the client's side, and comes later in order", async () => {
  const seen = await ready()
  proxy.stopReading()
  const text = lines(0, 4_000_000).join("")
  expect(seen.socket.write(text)).toBe(false)
  await sleep(100)
  expect(atServer).toBe("")
  expect(seen.socket.writableNeedDrain).toBe(true)
  await proxy.heal()
  await eventually(() => expect(atServer.length).toBe(text.length))
  expect(atServer === text).toBe(true)
})

test("a cut passes on so many bytes, withholds the replies, and breaks the connection", async () => {
  const seen = await ready()
  proxy.cutAfter(5)
  seen.socket.write("abc")
  seen.socket.write("defg")
  await eventually(() => expect(seen.error).toBe("ECONNRESET"))
  expect([atServer, seen.received]).toStrictEqual(["abcde", ""])
  await ready()
})

test("what a client sent before it left is passed on", async () => {
  const seen = await ready()
  proxy.hold()
  seen.socket.end("a\r\n")
  await sleep(50)
  await proxy.heal()
  await eventually(() => expect(atServer).toBe("a\r\n"))
  await eventually(() => expect(proxy.open).toBe(0))
})

test.each(["hold", "blackHole", "mute", "refuse", "stopReading"] as const)(
  "stop closes everything: %s",
  async (fault) => {
    const seen = await ready()
    proxy[fault]()
    await proxy.stop()
    await proxy.stop()
    await eventually(() => expect(seen.socket.closed).toBe(true))
    await expect(client()).rejects.toThrow("ECONNREFUSED")
    await eventually(() => expect(proxy.open).toBe(0))
  }
)
