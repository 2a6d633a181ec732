import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const firstPort = 20_000
const ports = 10_000

/**
 * Picks a free loopback port below the range that systems give to outgoing connections. From within that range, another
 * connection could take the port while its server is being restarted, and a client that reconnects to a dead server
 * could connect to itself.
 *
 * The port is this process's until it ends, so that no other test, in whatever process, takes the port of a server that
 * was just killed.
 */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = firstPort + Math.floor(Math.random() * ports)
    if (claim(port) && (await isFree(port))) return port
  }
  throw new Error(`no free port found between ${firstPort} and ${firstPort + ports - 1}`)
}

const claimed = new Set<string>()

/** Notes this process in the port's file. False if a process that runs has the port. */
const claim = (port: number): boolean => {
  const folder = join(tmpdir(), `redis-testkit-ports-${process.getuid?.() ?? 0}`)
  const file = join(folder, `${port}`)
  mkdirSync(folder, { recursive: true })
  try {
    writeFileSync(file, `${process.pid}`, { flag: "wx" })
  } catch {
    // A process that was killed leaves its files behind.
    if (!isOfEndedProcess(file)) return false
    rmSync(file, { force: true })
    return false
  }
  if (claimed.size === 0) process.on("exit", release)
  claimed.add(file)
  return true
}

const release = (): void => {
  for (const file of claimed) rmSync(file, { force: true })
}

const isOfEndedProcess = (file: string): boolean => {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH"
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(false))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)))
  })
