import { setTimeout as sleep } from "node:timers/promises"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Second } from "../../src/show/watch/Minute.ts"
import { type Demo, picture, start } from "./support/Demo.ts"
import { visit } from "./support/Visitor.ts"

describe("the page, while Redis is lost", () => {
  let demo: Demo
  let page: Page
  beforeAll(async () => {
    demo = await start(["--redis"])
    page = await demo.open()
    await page.getByLabel("Requests per second").fill("30")
    await page.getByLabel("Seconds", { exact: true }).fill("300")
    await press("Start load")
    await warm()
  })
  afterAll(() => demo[Symbol.asyncDispose]())

  const press = (name: string) => page.getByRole("button", { name, exact: true }).click()

  /** Waits until the page shows a text there. */
  const shows = (id: string, text: string | RegExp) =>
    page.locator(`#${id}`).getByText(text).waitFor({ timeout: 60_000 })

  /** Waits until the page shows the cache as the source of nine in ten values again. */
  const warm = async () => {
    await shows("connection", "answers")
    await shows("breaker", "closed")
    await shows("hit-rate", /^(9\d\.\d|100) %/)
  }

  /** Asks by the page's load and as a visitor, while `lose` is done and `isLost` is shown, and for 4 s more. */
  const during = async (lose: () => Promise<void>, isLost: () => Promise<void>) => {
    const { cities, deadline, seconds: before } = await demo.state()
    const stop = visit(
      demo.url,
      cities.map(({ city }) => city.id)
    )
    await sleep(1_000)
    await lose()
    await isLost()
    await sleep(4_000)
    const seen = await stop()
    const { seconds } = await demo.state()
    const from = before.at(-1)?.number ?? 0
    return { deadline, seen, seconds: seconds.filter(({ number }) => number > from) }
  }

  /** Nobody fails, nobody waits longer than promised, and as many are answered as ever. */
  const goesOn = async ({ deadline, seconds, seen }: Awaited<ReturnType<typeof during>>) => {
    assert.isAtLeast(seconds.length, 4)
    for (const second of seconds) {
      assert.strictEqual(second.failed, 0)
      assert.isAtMost(second.longest, second.promised + patience)
      assert.isAtMost(second.waited, deadline + second.stall + patience)
      assert.isAtLeast(requestsOf(second), few)
    }
    assert.isAtLeast(Math.max(...seconds.map(({ sources }) => sources.database)), few)
    assert.strictEqual(seen.failed, 0)
    assert.isAtLeast(seen.requests, 4 * few)
    assert.isAtMost(seen.longest, Math.max(...seconds.map(({ promised }) => promised)) + seen.late + patience)
  }

  it("a load is answered by the cache, and the page shows by whom", async () => {
    assert.isAtLeast((await demo.state()).cities.filter(({ answer }) => answer?.source === "memory").length, 1)
    await page.getByRole("row", { name: /Shanghai.*(near cache|Redis)/ }).waitFor()
    await page.getByRole("row", { name: /^getMany/ }).waitFor()
    await picture(page, "steady")
  })

  it("no request waits longer than deadline and lookup while Redis is frozen, and the hit rate comes back", async () => {
    const figures = await during(
      () => press("Freeze"),
      async () => {
        await shows("redis-state", "frozen")
        await shows("connection", "no answer")
        await shows("message", /Redis is frozen|the database answers/)
      }
    )
    await picture(page, "frozen")
    await press("Thaw")
    await shows("redis-state", "running")
    await warm()
    await picture(page, "thawed")
    await goesOn(figures)
  })

  it("no request waits longer than deadline and lookup while Redis is gone, and the hit rate comes back", async () => {
    const figures = await during(
      () => press("Kill"),
      async () => {
        await shows("redis-state", "killed")
        await shows("connection", "no answer")
      }
    )
    await picture(page, "killed")
    await press("Restart empty")
    await shows("redis-state", "running")
    await warm()
    await picture(page, "restarted")
    await goesOn(figures)
  })
})

/** Added to the time that is promised, for a busy machine, in milliseconds. */
const patience = 2_000

/** Requests in a second of a busy machine, at least; the load asks for 30. */
const few = 8

const requestsOf = ({ sources }: Second): number => sources.memory + sources.store + sources.database
