import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, it } from "vitest"
import { startMain } from "../support/runMain.ts"
import { type Prometheus, startPrometheus } from "./support/Prometheus.ts"

const read = (name: string): string => readFileSync(new URL(`../../../../monitoring/${name}`, import.meta.url), "utf8")

/** The deadline of the demo, which a busy machine keeps as well. */
const deadlineSeconds = 2

/** The rules, for that deadline, with times that a test can wait for. */
const rules = read("alerts.yml")
  .replaceAll(/\[\d+m/g, "[10s")
  .replaceAll(/for: \d+m/g, "for: 3s")
  .replaceAll("offset 1w", "offset 25s")
  .replaceAll("> 0.125", `> ${deadlineSeconds / 2}`)

const alerts = Array.from(rules.matchAll(/alert: (\w+)/g), ([, name = ""]) => name)

/** The queries of the dashboard, for all namespaces. */
const queries = (JSON.parse(read("grafana.json")) as Dashboard).panels.flatMap(({ targets, title }) =>
  targets.map(({ expr }) => ({
    title,
    expr: expr.replaceAll("$namespace", ".*").replaceAll("$__rate_interval", "30s")
  }))
)

interface Dashboard {
  readonly panels: ReadonlyArray<{ readonly title: string; readonly targets: ReadonlyArray<{ readonly expr: string }> }>
}

it("the monitoring is silent while all is well, and has every alert and every panel when Redis stands still or is slow", async () => {
  const { child, ended, line } = startMain(["serve", "--port", "0", "--redis"], {
    RATE_LIMIT: "1000000",
    REDIS_TIMEOUT: `${deadlineSeconds} seconds`
  })
  try {
    const [, url = ""] = await line(/Listening on (\S+)/)
    // A connection that is idle may be closed by the server just when a request is sent on it.
    const act = (path: string, body?: object) =>
      fetch(`${url}/actions/${path}`, {
        method: "POST",
        headers: { connection: "close", "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) })
      })
    await act("load", { requestsPerSecond: 30, seconds: 300 })
    await using prometheus = await startPrometheus(url, rules)
    assert.deepStrictEqual(await firedWithin(prometheus, 35_000, alerts), [])

    const changes = setInterval(() => void act("invalidate-all").catch(() => undefined), 500)
    await act("redis/freeze")
    const outage = alerts.filter((name) => name !== "HexcacheSlow")
    assert.includeMembers(await firedWithin(prometheus, 60_000, outage), outage)
    for (const { expr, title } of queries) assert.isAbove(await prometheus.seriesOf(expr), 0, title)

    // In an outage nobody waits for long: a slow Redis is another fault, of pauses within the deadline.
    let isSlow = true
    const pauses = (async () => {
      for (; isSlow; await sleep(deadlineSeconds * 800)) {
        await act("redis/thaw")
        await sleep(200)
        await act("redis/freeze")
      }
    })()
    assert.include(await firedWithin(prometheus, 60_000, ["HexcacheSlow"]), "HexcacheSlow")
    isSlow = false
    await pauses
    clearInterval(changes)
  } finally {
    child.kill("SIGTERM")
    await ended
  }
})

/** The alerts that fired within a time, which ends when all that are awaited have. */
const firedWithin = async (
  prometheus: Prometheus,
  millis: number,
  awaited: ReadonlyArray<string>
): Promise<Array<string>> => {
  const fired = new Set<string>()
  const end = performance.now() + millis
  for (; !awaited.every((name) => fired.has(name)) && performance.now() < end; await sleep(500)) {
    for (const name of await prometheus.firing()) fired.add(name)
  }
  return Array.from(fired)
}
