import { createServer } from "node:net"

const firstPort = 20_000
const portsOfWorker = 500
const workers = 20

/**
 * Picks a free loopback port below the range that systems give to outgoing connections. From within that range, another
 * connection could take the port while its server is being restarted, and a client that reconnects to a dead server
 * could connect to itself.
 *
 * Vitest's workers pick from ranges of their own, and a process picks no port twice while it has others, so that no test
 * takes the port of a server that another test has just killed.
 */
export const freePort = async (): Promise<number> => {
  const first = firstPort + (Number(process.env.VITEST_POOL_ID ?? 0) % workers) * portsOfWorker
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = first + Math.floor(Math.random() * portsOfWorker)
    if (attempt < 900 && picked.has(port)) continue
    picked.add(port)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port found between ${first} and ${first + portsOfWorker - 1}`)
}

const picked = new Set<number>()

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(false))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)))
  })
