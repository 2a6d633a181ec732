/**
 * `pnpm --filter @hexcache/demo screenshots`: the pictures of the page in `docs/images`.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { picture, start } from "./support/Demo.ts"

process.env.PICTURES = fileURLToPath(new URL("../../../../docs/images", import.meta.url))

await using demo = await start(["--redis"])
const wide = await demo.open({ height: 960 })
const narrow = await demo.open({ width: 390, height: 960, scheme: "dark" })

await demo.act("load", { requestsPerSecond: 30, seconds: 120 })
await sleep(20_000)
await wide.bringToFront()
await wide.getByRole("button", { name: "Freeze" }).click()
await sleep(6_000)
await picture(wide, "page-frozen")
await wide.getByRole("button", { name: "Thaw" }).click()
await sleep(15_000)
await picture(wide, "page-thawed")
await narrow.bringToFront()
await sleep(2_000)
await picture(narrow, "page-narrow")
