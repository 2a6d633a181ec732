import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import type { Snapshot } from "../src/watch/Snapshot.ts"
import { runMain, startMain } from "./support/runMain.ts"

/** The ids of the processes that this one has started. */
const childrenOf = (parent: number | undefined): ReadonlyArray<number> =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : []))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const shanghai = 1796236

describe("the demo with a Redis of its own", () => {
  for (const [signal, action] of [
    ["SIGTERM", "freeze"],
    ["SIGINT", "freeze"],
    ["SIGTERM", "kill"],
    ["SIGTERM", "restart"]
  ] as const) {
    it(`leaves no server behind when it is ended by ${signal} after a ${action}`, async () => {
      const { child, ended, line } = startMain(["serve", "--redis", "--port", "0"])
      try {
        const [, url] = await line(/Listening on (\S+)/)
        const response = await fetch(`${url}/actions/redis/${action}`, { method: "POST" })
        assert.strictEqual(response.status, 204)
        const servers = childrenOf(child.pid)
        assert.lengthOf(servers, action === "kill" ? 0 : 1)
        child.kill(signal)
        assert.strictEqual((await ended).status, 0)
        assert.deepStrictEqual(servers.filter(isAlive), [])
      } finally {
        child.kill("SIGTERM")
      }
    })
  }

  it("answers from the database, then from Redis, then from the near cache", async () => {
    const { child, ended, line } = startMain(["serve", "--redis", "--port", "0"])
    try {
      const [, url] = await line(/Listening on (\S+)/)
      const sources = new Set<string | undefined>()
      for (let asked = 0; asked < 10; asked++) {
        await (await fetch(`${url}/cities/${shanghai}`)).text()
        const { cities } = (await (await fetch(`${url}/state`)).json()) as Snapshot
        sources.add(cities.find(({ city }) => city.id === shanghai)?.answer?.source)
      }
      assert.deepStrictEqual([...sources], ["database", "store", "memory"])
    } finally {
      child.kill("SIGTERM")
      await ended
    }
  })

  for (const args of [
    ["serve", "--port", "many"],
    ["serve", "--port", "70000"],
    ["serve", "--port"],
    ["serve", "--resid"],
    ["--redis"],
    ["serve", "serve"]
  ]) {
    it(`prints its usage for ${args.join(" ")}`, async () => {
      const { status, stderr } = await runMain(args)
      assert.strictEqual(status, 2)
      assert.match(stderr, /^Usage: pnpm demo/)
    })
  }
})
