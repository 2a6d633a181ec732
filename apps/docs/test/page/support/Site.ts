/**
 * The site, built and served on loopback as a host for static files does.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync, statSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the built site. */
export const folder: string = fileURLToPath(new URL("../../../dist/", import.meta.url))

/** Builds the site as for a host of its own, whatever repository the test runs in. */
export const build = async (): Promise<void> => {
  const { GITHUB_REPOSITORY: _, ...env } = process.env
  const program = fileURLToPath(new URL("../../../site/build.ts", import.meta.url))
  const [status] = await once(spawn(process.execPath, [program], { env, stdio: "inherit" }), "exit")
  if (status !== 0) throw new Error("The site cannot be built")
}

/** The file of an address, without its anchor: `cached.html` for `/cached`. Undefined where there is none. */
export const fileOf = (address: string): string | undefined => {
  const path = decodeURIComponent(address.replace(/[?#].*$/, ""))
  return [path, `${path}.html`, join(path, "index.html")].find((file) =>
    statSync(join(folder, file), { throwIfNoEntry: false })?.isFile()
  )
}

/** A served site. */
export interface Served extends AsyncDisposable {
  readonly url: string
}

/** Serves the built site. */
export const serve = async (): Promise<Served> => {
  const server = createServer(({ url = "/" }, response) => {
    const file = fileOf(url)
    if (file === undefined) response.writeHead(404).end()
    else {
      response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream")
      response.end(readFileSync(join(folder, file)))
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, "close")
    }
  }
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".md": "text/plain; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2"
}
