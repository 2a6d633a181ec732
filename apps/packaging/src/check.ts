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
import { type Case, casesFor } from "./cases.ts"
import { withChecked } from "./document.ts"
import { wantedBy } from "./ends.ts"
import { examine } from "./examine.ts"
import { exportedNames } from "./exported.ts"
import { flawsOf } from "./flaws.ts"
import { excessesOf } from "./limits.ts"
import { type Packed, packAll } from "./Packed.ts"
import { Project } from "./Project.ts"
import { Registry } from "./Registry.ts"
import { sizeOf } from "./sizes.ts"
import { bringTool } from "./tools.ts"

const { positionals: asked, values: options } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false } }
})

const failed: Array<string> = []

/** Takes a step, and says what was seen and how long it took. */
const step = async (name: string, take: () => Promise<string>): Promise<void> => {
  const start = performance.now()
  try {
    const seen = await take()
    console.log(`${name}: ${seen} (${((performance.now() - start) / 1_000).toFixed(1)} s)`)
  } catch (error) {
    failed.push(name)
    console.log(`${name} failed: ${messageOf(error)}`)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const refuse = (flaws: ReadonlyArray<string>): void => {
  if (flaws.length > 0) throw new Error(flaws.join("\n"))
}

const chosenCases = (packages: ReadonlyArray<Packed>): ReadonlyArray<Case> => {
  const cases = casesFor(packages[0]?.manifest.engines?.node ?? "")
  const odd = asked.find((name) => !cases.some(({ manager }) => manager.name === name))
  if (odd !== undefined) throw new Error(`There is no package manager ${odd} here`)
  return cases.filter(({ manager }) => asked.length === 0 || asked.includes(manager.name))
}

const isNeeded = ({ manager }: Case): boolean => manager.name !== "bun" || asked.includes("bun")

const document = new URL("../../../docs/packages.md", import.meta.url)

const check = async (work: string): Promise<void> => {
  const packages = await packAll(join(work, "packages"))
  await step("tarballs", async () => {
    refuse((await Promise.all(packages.map(flawsOf))).flat())
    return `${packages.length} packages with all that a registry and a user need`
  })

  const cases = chosenCases(packages)
  const wanted = await wantedBy(packages)
  const exported = await exportedNames(packages)
  const redis = await RedisServer.start()
  const registry = await Registry.serve(packages)
  const checkCase = async ({ at, manager, runtime }: Case, isNeeded: boolean): Promise<string> => {
    const commands =
      runtime && (await bringTool(runtime, work).catch((error) => (isNeeded ? Promise.reject(error) : undefined)))
    if (runtime !== undefined && commands === undefined) return `left out, since npm did not bring ${runtime.name}`
    const versions = Object.fromEntries(wanted.map(({ name, [at]: version }) => [name, version]))
    const folder = join(work, manager.name)
    const project = await Project.create(folder, { manager, registry, versions, exported, commands })
    return examine(project, redis.url)
  }
  try {
    for (const each of cases) await step(titleOf(each), () => checkCase(each, isNeeded(each)))
  } finally {
    await registry.stop()
    await redis.stop()
  }

  const sizes = await Promise.all(packages.map((packed) => sizeOf(packed, join(work, cases[0]?.manager.name ?? ""))))
  await step("sizes", async () => {
    refuse(excessesOf(sizes))
    return sizes.map(({ bundled, name }) => `${name} ${bundled}`).join(", ")
  })
  if (options.write) await writeFile(document, withChecked(await readFile(document, "utf8"), sizes, wanted))
}

const titleOf = ({ at, manager, runtime }: Case): string =>
  `${manager.name}, ${at} versions, ${runtime === undefined ? "this node" : `${runtime.at} ${runtime.name}`}`

const work = await mkdtemp(join(tmpdir(), "hexcache-packaging-"))
try {
  await check(work)
} finally {
  await rm(work, { recursive: true, force: true })
}
if (failed.length > 0) {
  console.log(`Failed: ${failed.join("; ")}`)
  process.exitCode = 1
}
