import { once } from "node:events"
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import type { Snapshot } from "../../src/show/watch/Snapshot.ts"
import { startMain } from "../support/runMain.ts"

/** True if something accepts connections there, frozen or not. */
const isThere = async (url: string): Promise<boolean> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  const answer = await once(socket, "connect").catch(({ code }) => code)
  socket.destroy()
  return answer !== "ECONNREFUSED"
}

const shanghai = 1796236

/** Reads a city until it comes from memory, and returns who answered, each once. */
const sourcesOf = async (url: string | undefined) => {
  const sources = new Set<string | undefined>()
  for (let asked = 0; asked < 1_000 && !sources.has("memory"); asked++) {
    await (await fetch(`${url}/cities/${shanghai}`)).text()
    const { cities } = (await (await fetch(`${url}/state`)).json()) as Snapshot
    sources.add(cities.find(({ city }) => city.id === shanghai)?.answer?.source)
  }
  return [...sources]
}

describe.concurrent("the demo with a Redis of its own", () => {
  for (const [signal, actions] of [
    ["SIGTERM", ["restart", "freeze"]],
    ["SIGINT", ["kill"]]
  ] as const) {
    it(`answers from it, and leaves no server behind when it is ended by ${signal} after ${actions.join(", ")}`, async () => {
      const { child, ended, line } = startMain(["serve", "--redis", "--port", "0"])
      try {
        const [, redis = ""] = await line(/Redis of its own at (\S+)/)
        const [, url] = await line(/Listening on (\S+)/)
        assert.deepStrictEqual(await sourcesOf(url), ["database", "store", "memory"])
        for (const action of actions) {
          const response = await fetch(`${url}/actions/redis/${action}`, { method: "POST" })
          assert.strictEqual(response.status, 204)
          assert.strictEqual(await isThere(redis), action !== "kill")
        }
        child.kill(signal)
        assert.strictEqual((await ended).status, 0)
        assert.isFalse(await isThere(redis))
      } finally {
        child.kill("SIGTERM")
      }
    })
  }
})
