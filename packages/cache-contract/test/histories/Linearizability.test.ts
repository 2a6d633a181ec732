import { assert, describe, it } from "@effect/vitest"
import {
  type Event,
  isLinearizable,
  type Operation,
  type Outcome,
  withLateReads
} from "@hexcache/cache-contract/histories"

const event = (from: number, to: number, operation: Operation, answer: unknown): Event => ({
  from,
  to,
  operation,
  outcome: { answer }
})
const unknown = (from: number, operation: Operation): Event => ({ from, to: from, operation, outcome: "Unknown" })
const set = (value: string): Operation => ({ name: "set", value, expires: false })
const get: Operation = { name: "get" }

const good: Readonly<Record<string, ReadonlyArray<Event>>> = {
  nothing: [],
  "a read of what was set before": [event(0, 1, set("1"), undefined), event(2, 3, get, "1")],
  "a read that overlaps a write, and sees the value before it": [
    event(0, 1, set("1"), undefined),
    event(2, 5, set("2"), undefined),
    event(3, 4, get, "1")
  ],
  "two reads that see two overlapping writes": [
    event(0, 9, set("1"), undefined),
    event(0, 9, set("2"), undefined),
    event(1, 2, get, "2"),
    event(3, 4, get, "1")
  ],
  "a write of unknown outcome that nobody sees": [
    event(0, 1, set("1"), undefined),
    unknown(2, set("2")),
    event(3, 4, get, "1")
  ],
  "a write of unknown outcome that happens late": [
    event(0, 1, set("1"), undefined),
    unknown(2, set("2")),
    event(3, 4, get, "1"),
    event(5, 6, get, "2")
  ],
  "one of two locks taken": [
    event(0, 5, { name: "setIfAbsent", value: "1", expires: true }, true),
    event(0, 5, { name: "setIfAbsent", value: "2", expires: true }, false),
    event(6, 7, { name: "compareAndDelete", expected: "1" }, true),
    event(8, 9, { name: "exists" }, false)
  ],
  "a counter that two count on": [
    event(0, 5, { name: "increment", amount: 1 }, 2),
    event(0, 5, { name: "increment", amount: 1 }, 1),
    event(6, 7, get, "2")
  ]
}

const bad: Readonly<Record<string, ReadonlyArray<Event>>> = {
  "a read of an older value": [
    event(0, 1, set("1"), undefined),
    event(2, 3, set("2"), undefined),
    event(4, 5, get, "1")
  ],
  "a value from nowhere": [event(0, 1, get, "1")],
  "reads that see two writes in two orders": [
    event(0, 9, set("1"), undefined),
    event(0, 9, set("2"), undefined),
    event(1, 2, get, "1"),
    event(3, 4, get, "2"),
    event(5, 6, get, "1")
  ],
  "a write of unknown outcome that happens twice": [
    unknown(0, set("2")),
    event(1, 2, get, "2"),
    event(3, 4, set("1"), undefined),
    event(5, 6, get, "2")
  ],
  "two owners of a lock": [
    event(0, 5, { name: "setIfAbsent", value: "1", expires: true }, true),
    event(0, 5, { name: "setIfAbsent", value: "2", expires: true }, true)
  ],
  "a lost count": [event(0, 5, { name: "increment", amount: 1 }, 1), event(0, 5, { name: "increment", amount: 1 }, 1)],
  "one value taken twice": [
    event(0, 1, set("1"), undefined),
    event(2, 5, { name: "getAndDelete" }, "1"),
    event(2, 5, { name: "getAndDelete" }, "1")
  ],
  "a time to live that a later set has taken away": [
    event(0, 1, { name: "set", value: "1", expires: true }, undefined),
    event(2, 3, set("1"), undefined),
    event(4, 5, { name: "ttl" }, "Expires")
  ]
}

describe("a history of one key", () => {
  for (const [name, history] of Object.entries(good))
    it(`A history is linearizable with ${name}`, () => {
      assert.isTrue(isLinearizable(history))
      assert.isTrue(isLinearizable(history.toReversed()))
    })
  for (const [name, history] of Object.entries(bad))
    it(`A history is not linearizable with ${name}`, () => {
      assert.isFalse(isLinearizable(history))
      assert.isFalse(isLinearizable(history.toReversed()))
    })

  it("A history of a near cache is judged with reads that may be as late as it says", () => {
    const history = bad["a read of an older value"] ?? []
    assert.isTrue(isLinearizable(withLateReads(history, 3)))
    assert.isFalse(isLinearizable(withLateReads(history, 0.5)))
  })

  it("A history of a thousand operations and unknown outcomes is judged within seconds", () => {
    const history = Array.from({ length: 1_000 }, (_, index): Event => {
      const operation: Operation = index % 2 === 0 ? set(String(index)) : get
      const outcome: Outcome =
        index % 100 === 2 ? "Unknown" : { answer: index % 2 === 0 ? undefined : String(index - 1) }
      return { from: 10 * index, to: 10 * index + 5, operation, outcome }
    }).filter((_, index) => index % 100 !== 3)
    const since = performance.now()
    assert.isTrue(isLinearizable(history))
    assert.isBelow(performance.now() - since, 20_000)
  })
})
