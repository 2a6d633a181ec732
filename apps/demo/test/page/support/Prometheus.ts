/**
 * A Prometheus that reads the demo, with rules whose times are seconds in place of minutes.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

/** A Prometheus that a test owns. */
export interface Prometheus extends AsyncDisposable {
  /** The number of series that a query returns now. */
  readonly seriesOf: (query: string) => Promise<number>
  /** The names of the alerts that are firing. */
  readonly firing: () => Promise<ReadonlySet<string>>
}

/** Starts Debian's `prometheus`, or that of the PATH, which reads `/metrics` each second. */
export const startPrometheus = async (target: string, rules: string): Promise<Prometheus> => {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"))
  const port = await freePort()
  writeFileSync(join(folder, "rules.yml"), rules)
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [join(folder, "rules.yml")],
    scrape_configs: [{ job_name: "demo", static_configs: [{ targets: [new URL(target).host] }] }]
  }
  // JSON is YAML.
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config))
  const child = spawn(
    "prometheus",
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error"
    ],
    { stdio: ["ignore", "ignore", "inherit"] }
  )
  const ended = once(child, "close").catch((error) => {
    throw new Error("There is no prometheus on the PATH. Install the package prometheus (Debian).", { cause: error })
  })
  const url = `http://127.0.0.1:${port}`
  const ask = async (path: string) => (await (await fetch(`${url}/api/v1/${path}`)).json()) as Reply
  const stop = async () => {
    child.kill("SIGTERM")
    await ended
    rmSync(folder, { recursive: true })
  }
  await Promise.race([ended, untilReady(`${url}/-/ready`)])
  return {
    seriesOf: async (query) => {
      const { data, error } = await ask(`query?query=${encodeURIComponent(query)}`)
      if (error !== undefined) throw new Error(`${query}: ${error}`)
      return data?.result?.length ?? 0
    },
    firing: async () => {
      const { data } = await ask("alerts")
      return new Set(data?.alerts?.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname))
    },
    [Symbol.asyncDispose]: stop
  }
}

interface Reply {
  readonly error?: string
  readonly data?: {
    readonly result?: ReadonlyArray<unknown>
    readonly alerts?: ReadonlyArray<{ readonly state: string; readonly labels: { readonly alertname: string } }>
  }
}

const untilReady = async (url: string): Promise<void> => {
  for (const end = performance.now() + 30_000; performance.now() < end; await sleep(100)) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return
  }
  throw new Error("Prometheus is not ready after 30 s")
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
