/**
 * A proxy that can play dead: the tour takes Redis away without touching the server, which may be someone else's.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { Effect, type Scope } from "effect"
import type { Outage } from "./Outage.ts"

/** A proxy. Its URL differs from the server's in host and port alone. */
export interface TcpProxy {
  readonly url: string
  readonly outage: Outage["Service"]
}

/** Starts a proxy on loopback in front of a server; it ends with the scope. While frozen it holds what it receives. */
export const inFrontOf = (url: URL, defaultPort: number): Effect.Effect<TcpProxy, never, Scope.Scope> =>
  Effect.gen(function* () {
    const target = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || defaultPort }
    const links = new Set<Link>()
    let isFrozen = false

    const server = createServer((client) => {
      const link = new Link(client, connect(target), () => links.delete(link))
      links.add(link)
      if (!isFrozen) link.flow()
    })

    const cut = Effect.callback<void>((resume) => {
      for (const link of links) link.end()
      if (!server.listening) return resume(Effect.void)
      server.close(() => resume(Effect.void))
    })

    const port = yield* Effect.acquireRelease(listen(server, 0), () => cut)
    const proxied = new URL(url)
    proxied.hostname = loopback
    proxied.port = String(port)

    return {
      url: proxied.href,
      outage: {
        freeze: Effect.sync(() => {
          isFrozen = true
          for (const link of links) link.hold()
        }),
        cut,
        restore: Effect.suspend(() => {
          isFrozen = false
          for (const link of links) link.flow()
          return server.listening ? Effect.void : Effect.asVoid(listen(server, port))
        })
      }
    }
  })

const loopback = "127.0.0.1"

const listen = (server: Server, port: number): Effect.Effect<number> =>
  Effect.callback((resume) => {
    server.listen(port, loopback, () => resume(Effect.succeed((server.address() as AddressInfo).port)))
  })

/** A client's connection and the one to the target, which live and die together. */
class Link {
  readonly #client: Socket
  readonly #target: Socket

  constructor(client: Socket, target: Socket, onEnd: () => void) {
    this.#client = client
    this.#target = target
    for (const socket of [client, target]) {
      // Without a listener an error would end the process; what follows it is always the close.
      socket.on("error", () => {})
      socket.on("close", () => {
        this.end()
        onEnd()
      })
    }
  }

  flow(): void {
    this.#client.pipe(this.#target)
    this.#target.pipe(this.#client)
  }

  hold(): void {
    this.#client.unpipe().pause()
    this.#target.unpipe().pause()
  }

  end(): void {
    this.#client.destroy()
    this.#target.destroy()
  }
}
