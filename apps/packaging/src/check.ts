/**
 * Installs the packages as a stranger would: packs them, installs them into empty projects outside the workspace, and
 * runs the README's example and some tests there.
 *
 *     check [npm] [pnpm] [bun] [--write]
 *
 * All three unless named. Where bun cannot be had, that fails only if it is named. `--write` writes docs/packages.md.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { RedisServer } from "@hexcache/redis-testkit"
import { type Case, casesFor, folderOf, titleOf, tryCase } from "./cases.ts"
import { withChecked } from "./document.ts"
import { wantedBy } from "./ends.ts"
import { exportedNames } from "./exported.ts"
import { flawsOf } from "./flaws.ts"
import { tryTarballs } from "./install.ts"
import { excessesOf } from "./limits.ts"
import { type Packed, packAll } from "./Packed.ts"
import { Registry } from "./Registry.ts"
import { Steps } from "./Steps.ts"
import { type Size, sizeOf } from "./sizes.ts"
import { ToolMissing } from "./tools.ts"

const { positionals: asked, values: options } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false } }
})

const chosenCases = ([one]: ReadonlyArray<Packed>): ReadonlyArray<Case> => {
  const cases = casesFor(one?.manifest.engines?.node ?? "")
  const odd = asked.find((name) => !cases.some(({ manager }) => manager.name === name))
  if (odd !== undefined) throw new Error(`There is no package manager ${odd} here`)
  return cases.filter(({ manager }) => asked.length === 0 || asked.includes(manager.name))
}

const refuse = (flaws: ReadonlyArray<string>): void => {
  if (flaws.length > 0) throw new Error(flaws.join("\n"))
}

const checkTarballs = async (packages: ReadonlyArray<Packed>): Promise<string> => {
  refuse((await Promise.all(packages.map(flawsOf))).flat())
  return `${packages.length} packages with all that a registry and a user need`
}

/** A missing bun says nothing against the packages, unless the command names it. */
const leaveOutBun = (error: unknown): string => {
  if (error instanceof ToolMissing && error.tool === "bun" && !asked.includes("bun"))
    return `left out. ${error.message}`
  throw error
}

const checkSizes = (sizes: ReadonlyArray<Size>): string => {
  refuse(excessesOf(sizes))
  return sizes.map(({ bundled, name }) => `${name} ${bundled}`).join(", ")
}

const document = new URL("../../../docs/packages.md", import.meta.url)

const check = async (work: string): Promise<ReadonlyArray<string>> => {
  const steps = new Steps()
  const packages = await packAll(join(work, "packages"))
  const cases = chosenCases(packages)
  await steps.take("tarballs", () => checkTarballs(packages))
  await steps.take("line of pack:all", () => tryTarballs(packages, join(work, "from-tarballs")))

  const [wanted, exported] = [await wantedBy(packages), await exportedNames(packages)]
  const redis = await RedisServer.start()
  const registry = await Registry.serve(packages)
  const surroundings = { work, registry, redisUrl: redis.url, wanted, exported }
  for (const each of cases) await steps.take(titleOf(each), () => tryCase(each, surroundings).catch(leaveOutBun))
  await registry.stop()
  await redis.stop()

  await steps.take("sizes in bytes", async () => {
    const [one] = cases
    const sizes = await Promise.all(packages.map((packed) => sizeOf(packed, one ? folderOf(one, work) : work)))
    if (options.write) await writeFile(document, withChecked(await readFile(document, "utf8"), sizes, wanted))
    return checkSizes(sizes)
  })
  return steps.failed
}

const work = await mkdtemp(join(tmpdir(), "hexcache-packaging-"))
const failed = await check(work).finally(() => rm(work, { recursive: true, force: true }))
if (failed.length > 0) {
  console.log(`Failed: ${failed.join("; ")}`)
  process.exitCode = 1
}
