import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { IdlePing } from "../../src/connection/IdlePing.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Checks after 100 ms without a command, and when they pinged. */
const makeIdlePing = (interval = 100) => {
  const begun = Date.now()
  let sentAt = begun
  const pings: Array<number> = []
  const send = () => {
    sentAt = Date.now()
  }
  const idlePing = new IdlePing({
    interval,
    timers: { setTimeout, clearTimeout },
    idleFor: () => Date.now() - sentAt,
    ping: () => {
      pings.push(Date.now() - begun)
      send()
    }
  })
  return { idlePing, pings, send }
}

describe("a connection", () => {
  it("is checked each time that nothing was sent for the interval", () => {
    const { idlePing, pings } = makeIdlePing()
    vi.advanceTimersByTime(350)
    idlePing.stop()
    vi.advanceTimersByTime(1_000)
    assert.deepStrictEqual(pings, [100, 200, 300])
  })

  it("is checked an interval after the last command, and not before", () => {
    const { pings, send } = makeIdlePing()
    for (let index = 0; index < 7; index++) {
      vi.advanceTimersByTime(50)
      send()
    }
    assert.deepStrictEqual(pings, [])
    vi.advanceTimersByTime(110)
    assert.deepStrictEqual(pings, [450])
  })

  it("is never checked after an infinite interval", () => {
    const { pings } = makeIdlePing(Number.POSITIVE_INFINITY)
    vi.advanceTimersByTime(10_000_000)
    assert.deepStrictEqual(pings, [])
    assert.strictEqual(vi.getTimerCount(), 0)
  })
})

it("the check of a connection keeps no process alive", () => {
  vi.useRealTimers()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
  const before = timers()
  const { idlePing } = makeIdlePing(60_000)
  assert.strictEqual(timers(), before)
  idlePing.stop()
})
