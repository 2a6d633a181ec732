import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
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
  (name, context) => {
    const { folder } = makeWorkspace(context)
    expect(() => newAdapter(folder, name)).toThrow(`${JSON.stringify(name)} is no name for an adapter: `)
    expect(readdirSync(join(folder, "packages"))).toEqual(["cache-memory"])
  }
)

test("never writes into a folder that is there", (context) => {
  const { folder } = makeWorkspace(context)
  const taken = join(folder, "packages/cache-sqlite")
  mkdirSync(taken)
  writeFileSync(join(taken, "mine"), "")
  expect(() => newAdapter(folder, "sqlite")).toThrow("packages/cache-sqlite is there already")
  expect(readdirSync(taken)).toEqual(["mine"])
})

test("names everything after the adapter", (context) => {
  const adapter = newAdapter(makeWorkspace(context).folder, "dynamo-db")
  const files = readdirSync(adapter, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.map(({ name }) => name)).toContain("CacheDynamoDb.ts")
  for (const { name, parentPath } of files) {
    expect(`${name} ${readFileSync(join(parentPath, name), "utf8")}`).not.toMatch(/example|memory/i)
  }
})

// These wait for programs of their own: each for several at the same time, and all for theirs side by side.
describe.concurrent("the tools of the workspace", () => {
  test("an adapter of any name keeps the rules of style", async (context) => {
    const { folder, run } = makeWorkspace(context)
    for (const name of ["a", "a".repeat(24), "x-1"]) newAdapter(folder, name)
    expect(await run("biome", ["check", "--error-on-warnings", "."])).toMatchObject({ code: 0 })
  })

  test("a new adapter keeps the rules for types, is built, and its tests tell what is still to be written", async (context) => {
    const { folder, install, run } = makeWorkspace(context)
    const adapter = newAdapter(folder, "sqlite")
    install(adapter)
    const [types, build, tests] = await Promise.all([
      run("tsc", ["-p", "."]),
      run("tsc", ["-p", "tsconfig.build.json"], adapter),
      run("vitest", ["run"], adapter)
    ])
    expect(types).toEqual({ code: 0, output: "" })
    expect(build).toEqual({ code: 0, output: "" })
    expect(readdirSync(join(adapter, "dist"))).toContain("index.d.ts")
    expect(tests.code).toBe(1)
    for (const operation of operations) expect(tests.output).toContain(`failed: ${operation} is not written yet`)
    // A few lines for each law, and not a stack behind each.
    const laws = Number(/Tests {2}(\d+) failed/.exec(tests.output)?.[1])
    expect(tests.output.split("\n").length).toBeLessThan(5 * laws)
  })

  test("a new adapter that is filled in passes, and keeps the rules for types and style", async (context) => {
    const { folder, install, run } = makeWorkspace(context)
    const adapter = newAdapter(folder, "sqlite")
    install(adapter)
    cpSync(join(import.meta.dirname, "fixtures/CacheSqlite.ts"), join(adapter, "src/CacheSqlite.ts"))
    const [types, style, tests] = await Promise.all([
      run("tsc", ["-p", "."]),
      run("biome", ["check", "--error-on-warnings", "."]),
      run("vitest", ["run"], adapter)
    ])
    expect(types).toEqual({ code: 0, output: "" })
    expect(style).toMatchObject({ code: 0 })
    expect(tests.output).toMatch(/Tests {2}1\d\d passed/)
    expect(tests.code).toBe(0)
  })
})
