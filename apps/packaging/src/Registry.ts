import { once } from "node:events"
import { createReadStream } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { basename } from "node:path"
import type { Packed } from "./Packed.ts"

/**
 * A registry of packed packages on loopback, so that package managers install them by name and range, as from the public
 * one. It knows no other package: a project names it for our scope alone.
 */
export class Registry {
  /** Starts it on a free port. */
  static async serve(packages: ReadonlyArray<Packed>): Promise<Registry> {
    const registry = new Registry(packages)
    registry.#server.listen(0, "127.0.0.1")
    await once(registry.#server, "listening")
    return registry
  }

  /** The names of its packages. */
  readonly names: ReadonlyArray<string>
  readonly #server: Server

  private constructor(packages: ReadonlyArray<Packed>) {
    this.names = packages.map(({ manifest }) => manifest.name)
    this.#server = createServer(({ url = "" }, response) => {
      const path = decodeURIComponent(url).slice(1)
      const found = packages.find(({ manifest, tarball }) => path === manifest.name || path === basename(tarball))
      response.setHeader("cache-control", "no-store")
      if (found === undefined) {
        response.writeHead(404).end()
      } else if (path === found.manifest.name) {
        response.setHeader("content-type", "application/json").end(JSON.stringify(this.#documentOf(found)))
      } else {
        createReadStream(found.tarball).pipe(response)
      }
    })
  }

  /** Its address, with a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, "close")
  }

  #documentOf({ integrity, manifest, tarball }: Packed): unknown {
    const { name, version } = manifest
    const dist = { tarball: `${this.url}${basename(tarball)}`, integrity }
    return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } }
  }
}
