import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { flawsOf } from "../src/flaws.ts"
import type { Manifest } from "../src/Manifest.ts"
import type { Packed } from "../src/Packed.ts"

const manifest: Manifest = {
  name: "one",
  version: "1.0.0",
  description: "One.",
  license: "MIT",
  type: "module",
  keywords: ["cache"],
  sideEffects: false,
  engines: { node: ">=22" },
  files: ["dist"],
  exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
  publishConfig: { access: "public", provenance: true },
  peerDependencies: { effect: "^4.0.0" }
}

const map = JSON.stringify({ sources: ["../src/index.ts"] })

const whole = {
  "README.md": "",
  LICENSE: "",
  "dist/index.js": "",
  "dist/index.js.map": map,
  "dist/index.d.ts": "",
  "dist/index.d.ts.map": map,
  "src/index.ts": ""
}

const packed = async (files: Readonly<Record<string, string>>, changes: Partial<Manifest> = {}): Promise<Packed> => {
  const folder = await mkdtemp(join(tmpdir(), "flaws-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  await Promise.all(["dist", "src"].map((name) => mkdir(join(folder, name))))
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))
  const sizes = { packedBytes: 1, unpackedBytes: 1 }
  return {
    manifest: { ...manifest, ...changes },
    tarball: "",
    integrity: "",
    ...sizes,
    files: Object.keys(files),
    folder
  }
}

const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([file]) => file !== name))

test("a package that has all has no flaws", async () => {
  expect(await flawsOf(await packed(whole))).toEqual([])
})

test.each([
  ["LICENSE", "one: there is no LICENSE"],
  ["dist/index.d.ts.map", "one: dist/index.d.ts has no map"]
])("a package without %s is told so", async (name, flaw) => {
  expect(await flawsOf(await packed(without(name)))).toEqual([flaw])
})

test("a map whose source is not packed is a flaw", async () => {
  expect(await flawsOf(await packed(without("src/index.ts")))).toEqual([
    "one: dist/index.js.map leads to ../src/index.ts, which is not packed",
    "one: dist/index.d.ts.map leads to ../src/index.ts, which is not packed"
  ])
})

test("an export without types, and a range of the workspace, are flaws", async () => {
  const changes = {
    exports: { ".": { default: "./dist/index.js" } },
    dependencies: { two: "workspace:^" }
  }
  expect(await flawsOf(await packed(whole, changes))).toEqual([
    "one: exports is not as it must be",
    "one: two is workspace:^"
  ])
})
