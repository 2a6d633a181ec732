/**
 * Prints the comments of the workspace that break a rule of the way of writing, and fails if there are any.
 *
 *     main [folder ...]
 *
 * All TypeScript files that git knows, or those below the folders.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { flawsOf } from "./flawsOf.ts"

const listed = execFileSync("git", ["ls-files", "-z", "--", ...process.argv.slice(2)], { encoding: "utf8" })
let flaws = 0
for (const file of listed.split("\0")) {
  if (!file.endsWith(".ts")) continue
  for (const { line, message } of flawsOf(file, readFileSync(file, "utf8"))) {
    flaws++
    console.log(`${file}:${line} ${message}`)
  }
}
if (flaws > 0) {
  console.log(`${flaws} comments to write anew`)
  process.exitCode = 1
}
