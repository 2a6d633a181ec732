/**
 * `pnpm --filter @hexcache/demo screenshots`: the pictures of the page in `docs/images`.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { picture, start } from "./support/Demo.ts"

process.env.PICTURES = fileURLToPath(new URL("../../../../docs/images", import.meta.url))

await using demo = await start(["--redis"])
const wide = await demo.open({ height: 960 })
await demo.act("load", { requestsPerSecond: 30, seconds: 150 })
// Longer than the charts show, so that the beginning, without anything in the cache, has left them.
await sleep(64_000)
await wide.getByRole("button", { name: "Freeze" }).click()
await sleep(8_000)
await picture(wide, "page-frozen")
await wide.getByRole("button", { name: "Thaw" }).click()
await sleep(15_000)
await picture(wide, "page-thawed")

const narrow = await demo.open({ width: 390, height: 960, scheme: "dark" })
await sleep(2_000)
await picture(narrow, "page-narrow")
