import { createServer } from "node:net"

/**
 * Picks a free loopback port below the range that systems give to outgoing connections. From within that range, another
 * connection could take the port while its server is being restarted, and a client that reconnects to a dead server
 * could connect to itself.
 */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port)) return port
  }
  throw new Error("no free port found between 20000 and 29999")
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(false))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)))
  })
