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
  "getAndExpire",
  "compareAndExpire",
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

// The tools of the workspace: several at the same time, as each is a program of its own.
test("new adapters keep the rules for types and style, are built, and their tests tell what is still to be written", async (context) => {
  const { folder, install, run } = makeWorkspace(context)
  const adapters = ["a", "a".repeat(24), "x-1", "sqlite"].map((name) => newAdapter(folder, name))
  for (const adapter of adapters) install(adapter)
  const [, , blank = "", filled = ""] = adapters
  cpSync(join(import.meta.dirname, "fixtures/CacheSqlite.ts"), join(filled, "src/CacheSqlite.ts"))
  const [types, style, build, blankTests, filledTests] = await Promise.all([
    run("tsc", ["-p", "."]),
    run("biome", ["check", "--error-on-warnings", "."]),
    run("tsc", ["-p", "tsconfig.build.json"], blank),
    run("vitest", ["run"], blank),
    run("vitest", ["run"], filled)
  ])
  expect(types).toEqual({ code: 0, output: "" })
  expect(style).toMatchObject({ code: 0 })
  expect(build).toEqual({ code: 0, output: "" })
  expect(readdirSync(join(blank, "dist"))).toContain("index.d.ts")

  expect(blankTests.code).toBe(1)
  for (const operation of operations) expect(blankTests.output).toContain(`failed: ${operation} is not written yet`)
  // A few lines for each law, and not a stack behind each.
  const laws = Number(/Tests {2}(\d+) failed/.exec(blankTests.output)?.[1])
  expect(blankTests.output.split("\n").length).toBeLessThan(5 * laws)

  expect(filledTests.output).toMatch(/Tests {2}1\d\d passed/)
  expect(filledTests.code).toBe(0)
})
