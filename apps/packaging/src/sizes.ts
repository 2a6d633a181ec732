import { isBuiltin } from "node:module"
import { join } from "node:path"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { rolldown } from "rolldown"
import type { Packed } from "./Packed.ts"

/** The sizes of a package, in bytes. */
export interface Size {
  readonly name: string
  /** The tarball. */
  readonly packed: number
  /** Its files. */
  readonly unpacked: number
  /** All of its own code, minified and gzipped. */
  readonly bundled: number
  /** The same with its dependencies, and without its peers. */
  readonly withDependencies: number
}

/** Measures a package, which is installed in a folder. */
export const sizeOf = async ({ manifest, packedBytes, unpackedBytes }: Packed, installedIn: string): Promise<Size> => {
  const entry = join(installedIn, "node_modules", manifest.name, manifest.exports?.["."]?.default ?? "")
  const peers = Object.keys(manifest.peerDependencies ?? {})
  const isOfPeer = (id: string): boolean => peers.some((peer) => id === peer || id.startsWith(`${peer}/`))
  return {
    name: manifest.name,
    packed: packedBytes,
    unpacked: unpackedBytes,
    bundled: await bundledBytes(entry, (id) => /^[^./]/.test(id)),
    withDependencies: await bundledBytes(entry, (id) => isBuiltin(id) || isOfPeer(id))
  }
}

const bundledBytes = async (input: string, external: (id: string) => boolean): Promise<number> => {
  const bundle = await rolldown({ input, external, platform: "node", logLevel: "silent" })
  const { output } = await bundle.generate({ format: "esm", minify: true })
  const code = output.map((part) => (part.type === "chunk" ? part.code : "")).join("")
  return (await promisify(gzip)(code, { level: 9 })).length
}
