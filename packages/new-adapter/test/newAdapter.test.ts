import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { newAdapter } from "../src/newAdapter.ts"
import { makeWorkspace } from "./support/makeWorkspace.ts"

const operations = [
  "get",
  "getMany",
  "set",
  "setMany",
  "setIfAbsent",
  "deleteMany",
  "getAndDelete",
  "compareAndDelete",
  "exists",
  "expire",
  "ttl",
  "increment",
  "scan",
  "deletePattern",
  "flush",
  "ping"
]

test.for(["", "Sqlite", "1st", "a_b", "a--b", "-a", "a-", "../a", "a/b", "é", "cache-sqlite", "a".repeat(25)])(
  "refuses the name %j, and writes nothing",
  (name) => {
    const { folder } = makeWorkspace()
    expect(() => newAdapter(folder, name)).toThrow(`${JSON.stringify(name)} is no name for an adapter: `)
    expect(readdirSync(join(folder, "packages"))).toEqual(["cache-memory"])
  }
)

test("never writes into a folder that is there", () => {
  const { folder } = makeWorkspace()
  const taken = join(folder, "packages/cache-sqlite")
  mkdirSync(taken)
  writeFileSync(join(taken, "mine"), "")
  expect(() => newAdapter(folder, "sqlite")).toThrow("packages/cache-sqlite is there already")
  expect(readdirSync(taken)).toEqual(["mine"])
})

test("names everything after the adapter", () => {
  const adapter = newAdapter(makeWorkspace().folder, "dynamo-db")
  const files = readdirSync(adapter, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.map(({ name }) => name)).toContain("CacheDynamoDb.ts")
  for (const { name, parentPath } of files) {
    expect(`${name} ${readFileSync(join(parentPath, name), "utf8")}`).not.toMatch(/example|memory/i)
  }
})

test("an adapter of any name keeps the rules of style", async () => {
  const { folder, run } = makeWorkspace()
  for (const name of ["a", "a".repeat(24), "x-1"]) newAdapter(folder, name)
  expect(await run("biome", ["check", "--error-on-warnings", "."])).toMatchObject({ code: 0 })
})

test("a new adapter keeps the rules for types, is built, and its tests tell what is still to be written", async () => {
  const { folder, install, run } = makeWorkspace()
  const adapter = newAdapter(folder, "sqlite")
  install(adapter)
  expect(await run("tsc", ["-p", "."])).toEqual({ code: 0, output: "" })
  expect(await run("tsc", ["-p", "tsconfig.build.json"], adapter)).toEqual({ code: 0, output: "" })
  expect(readdirSync(join(adapter, "dist"))).toContain("index.d.ts")

  const { code, output } = await run("vitest", ["run"], adapter)
  expect(code).toBe(1)
  for (const operation of operations) expect(output).toContain(`failed: ${operation} is not written yet`)
  // Two lines for each law at most, and not a stack behind each.
  expect(output.split("\n").length).toBeLessThan(500)
})

test("a new adapter that is filled in passes, and keeps the rules for types and style", async () => {
  const { folder, install, run } = makeWorkspace()
  const adapter = newAdapter(folder, "sqlite")
  install(adapter)
  cpSync(join(import.meta.dirname, "fixtures/CacheSqlite.ts"), join(adapter, "src/CacheSqlite.ts"))
  expect(await run("tsc", ["-p", "."])).toEqual({ code: 0, output: "" })
  expect(await run("biome", ["check", "--error-on-warnings", "."])).toMatchObject({ code: 0 })
  const { code, output } = await run("vitest", ["run"], adapter)
  expect(output).toMatch(/Tests {2}1\d\d passed/)
  expect(code).toBe(0)
})
