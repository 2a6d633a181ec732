import { assert, describe, it, vi } from "@effect/vitest"
import type { Clock } from "effect"
import { Store } from "../src/Store.ts"
import * as Sweep from "../src/Sweep.ts"

const unbounded = { maxEntries: Infinity, maxBytes: Infinity, weigh: () => 0 }

describe("Store", () => {
  it("reclaims expired entries in the order of their expiry, however they were written", () => {
    for (let round = 0; round < 50; round++) {
      const store = new Store(unbounded)
      const expiries = new Map<string, number>()
      for (let step = 0; step < 300; step++) {
        const key = `key-${Math.floor(Math.random() * 60)}`
        const expiresAt = Math.random() < 0.2 ? Infinity : 1 + Math.floor(Math.random() * 100)
        if (Math.random() < 0.7) {
          store.set(key, "value", expiresAt, 0)
          expiries.set(key, expiresAt)
        } else if (Math.random() < 0.5) {
          if (store.expire(key, expiresAt, 0)) expiries.set(key, expiresAt)
        } else assert.strictEqual(store.delete(key, 0), expiries.delete(key))
      }
      for (let now = 0; now <= 101; now++) {
        assert.isFalse(store.reclaim(now, Infinity))
        const live = Array.from(expiries.values()).filter((expiresAt) => expiresAt > now).length
        assert.strictEqual(store.size, live)
      }
    }
  })

  it("reclaims a few expired entries with every write, unread", () => {
    const store = new Store(unbounded)
    for (let key = 0; key < 10_000; key++) store.set(`key-${key}`, "value", 1_000, 0)
    for (let write = 0; write < 200; write++) store.set(`new-${write}`, "value", Infinity, 2_000)
    assert.strictEqual(store.size, 200)
  })

  it("is swept while nobody asks, by the clock of who asked last", () => {
    vi.useFakeTimers()
    try {
      let now = 0
      const clock = { monotonicTimeNanosUnsafe: () => BigInt(now) * 1_000_000n } as Clock.Clock
      const store = new Store(unbounded)
      const sweep = Sweep.start(store)
      for (let key = 0; key < 25_000; key++) store.set(`key-${key}`, "value", 1_000, now)
      vi.advanceTimersByTime(5_000)
      sweep.saw(clock)
      vi.advanceTimersByTime(5_000)
      assert.strictEqual(store.size, 25_000)
      now = 1_000
      vi.advanceTimersByTime(1_100)
      assert.strictEqual(store.size, 0)
      sweep.stop()
      assert.strictEqual(vi.getTimerCount(), 0)
    } finally {
      vi.useRealTimers()
    }
  })
})
