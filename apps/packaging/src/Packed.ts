import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Manifest } from "./Manifest.ts"
import { run } from "./run.ts"

/** A package as it would be published. */
export interface Packed {
  readonly manifest: Manifest
  readonly tarball: string
  /** Subresource integrity of the tarball, as registries state it. */
  readonly integrity: string
  readonly packedBytes: number
  readonly unpackedBytes: number
  /** Paths inside the package. */
  readonly files: ReadonlyArray<string>
  /** Where the tarball is unpacked. */
  readonly folder: string
}

/** Packs every package that is published, and unpacks it, into a folder. They must have been built. */
export const packAll = async (folder: string): Promise<ReadonlyArray<Packed>> => {
  const command = ["--recursive", "--filter", "@hexcache/cache*", "pack", "--pack-destination", folder, "--json"]
  const tarballs: ReadonlyArray<Tarball> = JSON.parse(await run("pnpm", command, { cwd: workspace }))
  return Promise.all(tarballs.map(unpack))
}

const workspace = new URL("../../../", import.meta.url)

/** A tarball as `pnpm pack` reports it. */
interface Tarball {
  readonly filename: string
  readonly integrity: string
  readonly files: ReadonlyArray<{ readonly path: string }>
}

const unpack = async ({ filename: tarball, files, integrity }: Tarball): Promise<Packed> => {
  const folder = tarball.replace(/\.tgz$/, "")
  await run("mkdir", ["-p", folder])
  await run("tar", ["-xzf", tarball, "-C", folder, "--strip-components", "1"])
  const paths = files.map(({ path }) => path)
  const sizes = await Promise.all(paths.map((path) => stat(join(folder, path))))
  return {
    manifest: JSON.parse(await readFile(join(folder, "package.json"), "utf8")),
    tarball,
    integrity,
    packedBytes: (await stat(tarball)).size,
    unpackedBytes: sizes.reduce((sum, { size }) => sum + size, 0),
    files: paths,
    folder
  }
}
