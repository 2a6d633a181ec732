/**
 * The demo with its page in a browser.
 */
import { once } from "node:events"
import { mkdir } from "node:fs/promises"
import { launchChromium } from "@hexcache/browser-testkit"
import type { Browser, Page } from "playwright-core"
import type { Snapshot } from "../../../src/show/watch/Snapshot.ts"
import { startMain } from "../../support/runMain.ts"

/** How a page is looked at. */
export interface Look {
  /** In pixels, 1280 unless given. */
  readonly width?: number
  readonly height?: number
  /** `"light"` unless given. */
  readonly scheme?: "light" | "dark"
}

/** A demo and a browser that a test file owns. */
export interface Demo extends AsyncDisposable {
  readonly url: string
  readonly browser: Browser
  /** The page, once it shows the state. An error in the page, or a refusal by its policy, fails the next `state`. */
  readonly open: (look?: Look) => Promise<Page>
  readonly state: () => Promise<Snapshot>
  /** Does what a button of the page does. */
  readonly act: (path: string, payload?: Readonly<Record<string, number>>) => Promise<Response>
}

/** Starts `serve` with these arguments, without a limit on how often clients ask. */
export const start = async (args: ReadonlyArray<string>): Promise<Demo> => {
  const { child, ended, line } = startMain(["serve", "--port", "0", ...args], { RATE_LIMIT: "1000000" })
  const errors: Array<string> = []
  try {
    const [, url = ""] = await line(/Listening on (\S+)/)
    const browser = await launchChromium()
    return {
      url,
      browser,
      open: async ({ height = 1_000, scheme = "light", width = 1_280 } = {}) => {
        const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme })
        page.on("pageerror", ({ message }) => errors.push(message))
        page.on("console", (message) => {
          if (message.text().includes("Content Security Policy")) errors.push(message.text())
        })
        await page.goto(url)
        await page.getByRole("row", { name: "Shanghai" }).waitFor()
        return page
      },
      state: async () => {
        if (errors.length > 0) throw new Error(`The page has failed: ${errors.join("; ")}`)
        return (await (await fetch(`${url}/state`)).json()) as Snapshot
      },
      act: (path, payload) =>
        fetch(`${url}/actions/${path}`, {
          method: "POST",
          ...(payload && { headers: { "content-type": "application/json" }, body: JSON.stringify(payload) })
        }),
      [Symbol.asyncDispose]: async () => {
        await browser.close()
        child.kill("SIGTERM")
        await ended
      }
    }
  } catch (error) {
    child.kill("SIGTERM")
    await once(child, "close")
    throw error
  }
}

/** Keeps a picture of what is to be seen, where `PICTURES` names a folder. */
export const picture = async (page: Page, name: string): Promise<void> => {
  const { PICTURES: folder } = process.env
  if (folder === undefined) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: `${folder}/${name}.png`, animations: "disabled" })
}
