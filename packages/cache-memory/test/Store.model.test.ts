/** The store against a naive model of it: a Map that the test evicts from only what the store evicted. */
import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { Store } from "../src/Store.ts"
import { keysOf } from "./support/keysOf.ts"

type Step =
  | { readonly kind: "set"; readonly key: string; readonly size: number; readonly ttl: number }
  | { readonly kind: "get" | "has" | "delete"; readonly key: string }
  | { readonly kind: "expire"; readonly key: string; readonly ttl: number }
  | { readonly kind: "wait"; readonly millis: number }
  | { readonly kind: "reclaim" }
  | { readonly kind: "clear" }

interface Held {
  readonly value: string
  readonly expiresAt: number
}

const weigh = (key: string, value: string) => key.length + value.length

const steps = (keys: number) => {
  const key = fc.nat(keys - 1).map((number) => `key-${number}`)
  const ttl = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 60 }))
  return fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record<Step & { kind: "set" }>({
          kind: fc.constant("set"),
          key,
          size: fc.integer({ min: 0, max: 40 }),
          ttl
        })
      },
      {
        weight: 8,
        arbitrary: fc.record<Step & { kind: "get" | "has" | "delete" }>({
          kind: fc.constantFrom("get", "get", "get", "get", "has", "delete"),
          key
        })
      },
      { weight: 2, arbitrary: fc.record<Step & { kind: "expire" }>({ kind: fc.constant("expire"), key, ttl }) },
      {
        weight: 2,
        arbitrary: fc.record<Step & { kind: "wait" }>({
          kind: fc.constant("wait"),
          millis: fc.integer({ min: 1, max: 20 })
        })
      },
      { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "reclaim" }, { kind: "clear" }) }
    ),
    { minLength: 50, maxLength: 400 }
  )
}

/** Runs the steps on both, and checks after each what a user may rely on. */
const check = (maxEntries: number, maxBytes: number, run: ReadonlyArray<Step>) => {
  const store = new Store({ maxEntries, maxBytes, weigh })
  const model = new Map<string, Held>()
  let now = 0
  const live = (key: string) => {
    const held = model.get(key)
    return held !== undefined && held.expiresAt > now ? held : undefined
  }
  for (const step of run) {
    let lost = 0
    let needed = false
    if (step.kind === "set") {
      const value = "v".repeat(step.size)
      if (!store.fits(step.key, value)) {
        assert.isAbove(weigh(step.key, value), maxBytes)
        continue
      }
      store.set(step.key, value, now + step.ttl, now)
      model.set(step.key, { value, expiresAt: now + step.ttl })
      const wanted = Array.from(model).filter(([key]) => live(key) !== undefined)
      needed =
        wanted.length > maxEntries || wanted.reduce((sum, [key, held]) => sum + weigh(key, held.value), 0) > maxBytes
      assert.isTrue(store.has(step.key, now), "what was set is there")
      for (const [key] of wanted) {
        if (store.has(key, now)) continue
        model.delete(key)
        lost++
      }
    } else if (step.kind === "get") assert.strictEqual(store.get(step.key, now), live(step.key)?.value)
    else if (step.kind === "delete") {
      assert.strictEqual(store.delete(step.key, now), live(step.key) !== undefined)
      model.delete(step.key)
    } else if (step.kind === "expire") {
      const held = live(step.key)
      assert.strictEqual(store.expire(step.key, now + step.ttl, now), held !== undefined)
      if (held !== undefined) model.set(step.key, { value: held.value, expiresAt: now + step.ttl })
    } else if (step.kind === "wait") now += step.millis
    else if (step.kind === "reclaim") assert.isFalse(store.reclaim(now, Infinity))
    else if (step.kind === "clear") {
      store.clear()
      model.clear()
    }
    if (!needed) assert.strictEqual(lost, 0, "nothing live is evicted while there is room")
    if (maxBytes === Infinity) assert.isAtMost(lost, 1, "one entry makes room for one")
    assert.isAtMost(store.size, maxEntries)
    assert.isAtMost(store.bytes, maxBytes)
    let bytes = 0
    for (const key of keysOf(store)) {
      const held = model.get(key)
      assert.isDefined(held, "nothing is held that was removed")
      if (held !== undefined) bytes += weigh(key, held.value)
    }
    if (maxBytes !== Infinity) assert.strictEqual(store.bytes, bytes)
    for (const key of model.keys()) {
      assert.strictEqual(store.has(key, now), live(key) !== undefined)
      assert.strictEqual(store.expiresAt(key, now), live(key)?.expiresAt)
    }
  }
}

describe("Store against a naive model", () => {
  for (const [name, maxEntries, maxBytes] of [
    ["without bounds", Infinity, Infinity],
    ["of one entry", 1, Infinity],
    ["of two entries", 2, Infinity],
    ["of three entries", 3, Infinity],
    ["of twenty entries", 20, Infinity],
    ["of a few bytes", Infinity, 50],
    ["of some bytes", Infinity, 400],
    ["of both bounds", 12, 200]
  ] as const) {
    it(`${name}: bounds hold, values and expiries are right, and nothing live is lost without need`, () => {
      fc.assert(
        fc.property(steps(maxEntries === 20 ? 40 : 25), (run) => check(maxEntries, maxBytes, run)),
        { numRuns: 60 }
      )
    })
  }
})
