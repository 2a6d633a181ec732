import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { violations } from "@hexcache/browser-testkit"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Demo, picture, start } from "./support/Demo.ts"

describe("the page", () => {
  let demo: Demo
  beforeAll(async () => {
    demo = await start(["--redis"])
    await demo.act("load", { requestsPerSecond: 20, seconds: 300 })
  })
  afterAll(() => demo[Symbol.asyncDispose]())

  for (const scheme of ["light", "dark"] as const) {
    it(`has nothing that axe finds, ${scheme}, with Redis and without`, async () => {
      const page = await demo.open({ scheme })
      assert.deepStrictEqual(await violations(page), [])
      await demo.act("redis/freeze")
      await page.locator("#connection", { hasText: "no answer" }).waitFor()
      await page.getByLabel("Seconds", { exact: true }).fill("0")
      await page.getByRole("button", { name: "Start load" }).click()
      await page.locator("#load-error", { hasText: "Seconds" }).waitFor()
      assert.deepStrictEqual(await violations(page), [])
      await picture(page, `frozen-${scheme}`)
      await demo.act("redis/thaw")
      await page.close()
    })
  }

  for (const width of [1_280, 800, 390, 360]) {
    it(`has no horizontal scroll at ${width} pixels`, async () => {
      const page = await demo.open({ width, height: 844, scheme: "dark" })
      await page.getByRole("row", { name: /^getMany/ }).waitFor()
      assert.strictEqual(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
      await picture(page, `at-${width}`)
      await page.close()
    })
  }

  it("is used by the keyboard alone, with the focus to be seen all the way", async () => {
    const page = await demo.open()
    await page.keyboard.press("Tab")
    assert.strictEqual(await focused(page), "Skip to the controls")
    await page.keyboard.press("Enter")
    for (const name of ["requestsPerSecond", "seconds", "Start load", "Stop", "Freeze", "Kill", "Restart empty"]) {
      await page.keyboard.press("Tab")
      assert.strictEqual(await focused(page), name)
    }

    for (let tab = 0; tab < 2; tab++) await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.locator("#redis-state", { hasText: "frozen" }).waitFor()
    assert.strictEqual(await focused(page), "Thaw")
    await page.keyboard.press("Space")
    await page.locator("#redis-state", { hasText: "running" }).waitFor()

    for (let tab = 0; tab < 4; tab++) await page.keyboard.press("Shift+Tab")
    assert.strictEqual(await focused(page), "requestsPerSecond")
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("7")
    await page.keyboard.press("Enter")
    await page.locator("#load-left", { hasText: "7/s" }).waitFor()
    assert.strictEqual((await demo.state()).load?.requestsPerSecond, 7)
    await page.close()
  })

  it("says what is wrong with what was typed, at its field", async () => {
    const page = await demo.open()
    const rate = page.getByLabel("Requests per second")
    for (const [typed, message] of [
      ["0", /^Requests per second: Expected a value between 1 and 200$/],
      ["2.5", /^Requests per second: Expected an integer/],
      ["", /^Requests per second: Expected number/]
    ] as const) {
      await rate.fill(typed)
      await page.getByRole("button", { name: "Start load" }).click()
      await page.getByRole("alert").filter({ hasText: message }).waitFor()
      assert.strictEqual(await rate.getAttribute("aria-invalid"), "true")
    }
    await rate.fill("20")
    await page.getByRole("button", { name: "Start load" }).click()
    await page.locator("#load-left", { hasText: "20/s" }).waitFor()
    assert.strictEqual(await rate.getAttribute("aria-invalid"), "false")
    assert.strictEqual(await page.locator("#load-error").textContent(), "")
    await page.close()
  })

  it("updates a city, whose next read comes from the database with the new population", async () => {
    const page = await demo.open()
    await page.getByLabel("City", { exact: true }).selectOption("Delhi")
    await page.getByLabel("New population").fill("12345678")
    await page.getByRole("button", { name: "Update" }).click()
    await page.getByRole("status").filter({ hasText: "Delhi has 12,345,678 people now" }).waitFor()
    await page.getByRole("button", { name: "Read", exact: true }).click()
    await page
      .getByRole("status")
      .filter({ hasText: /^Delhi: 12,345,678 people, answered in / })
      .waitFor()
    await page.getByRole("row", { name: /^Delhi IN 12,345,678/ }).waitFor()
    await page.getByRole("button", { name: "Invalidate", exact: true }).click()
    await page.getByRole("status").filter({ hasText: "Delhi is invalidated" }).waitFor()
    await page.close()
  })

  it("is not steered by the page of another origin", async () => {
    const { load: before } = await demo.state()
    const other = createServer((_, response) => {
      response.setHeader("content-type", "text/html").end("<title>Another</title>")
    }).listen(0, "127.0.0.1")
    await once(other, "listening")
    try {
      const page = await demo.browser.newPage()
      await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}`)
      const answered = page.waitForResponse(`${demo.url}/actions/stop`)
      await page.evaluate((url) => fetch(`${url}/actions/stop`, { method: "POST", mode: "no-cors" }), demo.url)
      assert.strictEqual((await answered).status(), 403)
      assert.isNotNull(before)
      assert.isNotNull((await demo.state()).load)
      await page.close()
    } finally {
      other.close()
    }
  })
})

describe("the page of a demo without a Redis of its own", () => {
  it("has no buttons for one, and says how to get it", async () => {
    await using demo = await start([])
    const page = await demo.open()
    await page.getByText("pnpm demo serve --redis").waitFor()
    assert.isFalse(await page.getByRole("button", { name: "Freeze" }).isVisible())
    const response = await demo.act("redis/freeze")
    assert.strictEqual(response.status, 409)
    assert.include(await response.text(), "pnpm demo serve --redis")
  })
})

/** The name of what has the focus, which must be seen to have it. */
const focused = async (page: Page): Promise<string> => {
  const element = page.locator(":focus")
  const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle")
  assert.strictEqual(outline, "solid")
  return (await element.getAttribute("name")) ?? (await element.textContent()) ?? ""
}
