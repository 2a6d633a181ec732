/**
 * Scenarios with too many schedules to run them all: for schedules at random.
 */
import {
  type Call,
  change,
  changeAll,
  changeTag,
  type Definition,
  type Fault,
  get,
  getMany,
  on,
  refresh,
  type Scenario,
  set
} from "../Scenario.ts"

const kinds: ReadonlyArray<Fault> = ["refuse", "lose", "timeout", "end", "cancel", "fail"]

const readers: ReadonlyArray<Call> = [get("a"), getMany("a", "b"), get("a"), get("b")]

const harshWith = (name: string, main: Definition, more: Partial<Scenario> = {}): Scenario => ({
  name,
  cached: { main },
  warm: { main: ["a"] },
  processes: {
    A: [readers, [change("a"), get("a"), refresh("a"), get("a")]],
    B: [
      [get("a"), change("b"), getMany("a", "b"), get("a")],
      [set("a"), get("a")]
    ]
  },
  faults: 4,
  kinds,
  late: 4,
  ticks: [400, 700],
  isTimed: true,
  ...more
})

const tags = () => ["t"]

export const harsh: ReadonlyArray<Scenario> = [
  harshWith("harsh: plain", {}),
  harshWith("harsh: batched", { isBatched: true }),
  harshWith("harsh: stale", { ttl: 1_000, staleFor: 1_000 }),
  harshWith("harsh: short", { ttl: 500 }),
  harshWith("harsh: early", { ttl: 1_000, refreshAhead: 1_000_000 }),
  harshWith("harsh: lease", { lease: 12 }),
  harshWith("harsh: lease and stale", { lease: 12, ttl: 1_000, staleFor: 1_000, softLookupTimeout: 10 }),
  harshWith(
    "harsh: tags",
    { tags },
    {
      processes: {
        A: [readers, [changeTag("t", "a", "b"), get("a")]],
        B: [
          [get("a"), change("b"), changeTag("t", "a"), get("a")],
          [set("b"), get("b")]
        ]
      }
    }
  ),
  harshWith(
    "harsh: everything",
    {},
    {
      processes: {
        A: [readers, [changeAll("a", "b"), get("a")]],
        B: [
          [get("a"), change("b"), changeAll("a", "b"), get("a")],
          [set("b"), get("b")]
        ]
      }
    }
  ),
  harshWith("harsh: evictions", {}, { kinds: [...kinds, "evict"] }),
  harshWith("harsh: near", {}, { isNear: true }),
  {
    ...harshWith("harsh: two schemas", {}),
    cached: { main: {}, other: { isOtherSchema: true, ttl: 1_000 } },
    processes: {
      A: [readers, [change("a"), get("a"), refresh("a"), get("a")]],
      B: [
        [on("other", get("a")), on("other", change("a")), get("a")],
        [on("other", set("b")), on("other", get("b"))]
      ]
    }
  }
]
