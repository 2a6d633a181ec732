import { once } from "node:events"
import { Agent, get, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as gracefulServer from "../../src/http/gracefulServer.ts"

/** Starts a server that responds to every request after a while. */
const start = async (answersAfter: number, stopWithin: "5 seconds" | "200 millis") => {
  const { server, stop } = gracefulServer.make(stopWithin)
  server.on("request", (_, response) => setTimeout(() => response.end("done"), answersAfter))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return { server, stop: () => Effect.runPromise(stop), port: (server.address() as AddressInfo).port }
}

const ask = async (port: number, agent?: Agent): Promise<IncomingMessage> => {
  const [response] = await once(get({ port, host: "127.0.0.1", agent }), "response")
  return response
}

describe("gracefulServer", () => {
  it("lets a request in flight finish, and refuses new connections meanwhile", async () => {
    const { port, server, stop } = await start(500, "5 seconds")
    const asked = ask(port)
    await once(server, "request")
    const stopped = stop()
    await new Promise(setImmediate)
    const refused = await ask(port).catch((error) => error.code)
    assert.strictEqual(refused, "ECONNREFUSED")
    assert.strictEqual(await text(await asked), "done")
    await stopped
  })

  it("answers a kept connection once more, and asks it to close", async () => {
    const { port, stop } = await start(0, "5 seconds")
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const first = await ask(port, agent)
    assert.strictEqual(first.headers.connection, "keep-alive")
    assert.strictEqual(await text(first), "done")
    const stopped = stop()
    const last = await ask(port, agent)
    assert.strictEqual(last.headers.connection, "close")
    assert.strictEqual(await text(last), "done")
    await stopped
  })

  it("ends connections that stay idle", async () => {
    const { port, stop } = await start(0, "5 seconds")
    const agent = new Agent({ keepAlive: true })
    await text(await ask(port, agent))
    const before = performance.now()
    await stop()
    assert.isBelow(performance.now() - before, 4_000)
    agent.destroy()
  })

  it("gives up on a request that takes too long", async () => {
    const { port, server, stop } = await start(60_000, "200 millis")
    const asked = ask(port).catch((error) => error.code)
    await once(server, "request")
    await stop()
    server.closeAllConnections()
    assert.strictEqual(await asked, "ECONNRESET")
  })
})
