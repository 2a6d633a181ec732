/**
 * Packs every package that is published into `dist`, and prints the line that installs them from there.
 *
 *     pack:all [cache-redis] [cached] …
 *
 * With names, the line installs these and what they require.
 */
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { installArguments } from "./install.ts"
import { packAll } from "./Packed.ts"

const folder = fileURLToPath(new URL("../../../dist/", import.meta.url))
const work = await mkdtemp(join(tmpdir(), "hexcache-packed-"))
try {
  const packed = await packAll(work)
  await mkdir(folder, { recursive: true })
  const packages = packed.map(({ manifest, tarball }) => ({ manifest, tarball: join(folder, basename(tarball)) }))
  for (const { tarball } of packed) await copyFile(tarball, join(folder, basename(tarball)))
  const words = ["npm", ...installArguments(packages, process.argv.slice(2))]
  console.log(words.map((word) => (word.includes(" ") ? `"${word}"` : word)).join(" "))
} finally {
  await rm(work, { recursive: true, force: true })
}
