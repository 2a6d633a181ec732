/** `pnpm new:adapter <name>`: makes the package of a new adapter, and says what to do next. */
import { join } from "node:path"
import { newAdapter } from "./newAdapter.ts"

const [name, ...others] = process.argv.slice(2)

try {
  if (name === undefined || others.length > 0) throw new Error("usage: pnpm new:adapter <name>, for instance sqlite")
  newAdapter(join(import.meta.dirname, "../../.."), name)
  console.log(`packages/cache-${name} is there. Next:

  pnpm install
  pnpm test --project cache-${name}   # tells what is still to be written, in src
`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
