/**
 * Prints the comments of the workspace that break a rule of the way of writing, and fails if there are any.
 *
 *     main [folder ...]
 *
 * All TypeScript sources of packages and apps, or those below the folders.
 */
import { globSync, readFileSync } from "node:fs"
import { flawsOf } from "./flawsOf.ts"

const notOurs = new Set(["node_modules", "dist", ".snippets"])
const asked = process.argv.slice(2)
const folders = asked.length === 0 ? ["packages", "apps"] : asked

let flaws = 0
for (const file of globSync(
  folders.map((folder) => `${folder}/**/*.ts`),
  { exclude: (name) => notOurs.has(name.split("/").at(-1) ?? "") }
)) {
  for (const { line, message } of flawsOf(file, readFileSync(file, "utf8"))) {
    flaws++
    console.log(`${file}:${line} ${message}`)
  }
}
if (flaws > 0) {
  console.log(`${flaws} comments to write anew`)
  process.exitCode = 1
}
