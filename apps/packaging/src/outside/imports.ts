/** Imports what was installed and compares what it exports with what its sources do. */
import { deepEqual } from "node:assert/strict"
import { readFileSync } from "node:fs"
import { namesIn } from "./names.ts"

const expected: Record<string, ReadonlyArray<string>> = JSON.parse(readFileSync("exported.json", "utf8"))

for (const [path, names] of Object.entries(expected)) deepEqual(namesIn(await import(path)), names, path)

console.log(`${Object.values(expected).flat().length} names of ${Object.keys(expected).length} paths`)
