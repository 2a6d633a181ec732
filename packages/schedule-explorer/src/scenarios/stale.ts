/**
 * Values that are served while they are looked up again.
 */
import { change, changeAll, get, getMany, refresh, type Scenario, set } from "../Scenario.ts"

const ttl = 1_000
const cached = { main: { ttl, staleFor: 1_000 } }
const warm = { main: ["a"] }

export const stale: ReadonlyArray<Scenario> = [
  {
    name: "a stale value is served while its key is changed",
    cached,
    warm,
    processes: { A: [[get("a"), get("a")]], B: [[change("a")]] },
    ticks: [ttl]
  },
  {
    name: "a stale value is served in the process that changes it",
    cached,
    warm,
    processes: { A: [[get("a")], [change("a"), get("a")]] },
    age: ttl,
    faults: 1,
    kinds: ["timeout"]
  },
  {
    name: "a stale value is never served too long",
    cached,
    warm,
    processes: { A: [[get("a"), get("a")]], B: [[get("a")]] },
    age: ttl,
    ticks: [ttl],
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a stale value is waited for a while",
    cached: { main: { ttl, staleFor: 1_000, softLookupTimeout: 10 } },
    warm,
    processes: { A: [[get("a")], [change("a"), get("a")]] },
    age: ttl,
    isTimed: true
  },
  {
    name: "the time of a stale value ends while a newer one is waited for",
    cached: { main: { ttl, staleFor: 1_000, softLookupTimeout: 10 } },
    warm,
    processes: { A: [[get("a")], [get("a")]] },
    age: 2 * ttl - 5,
    isTimed: true
  },
  {
    name: "a stale value is refreshed on demand",
    cached,
    warm,
    processes: { A: [[get("a"), refresh("a"), get("a")]], B: [[change("a")]] },
    ticks: [ttl]
  },
  {
    name: "a stale value is set meanwhile",
    cached,
    warm,
    processes: {
      A: [
        [get("a"), get("a")],
        [set("a"), get("a")]
      ]
    },
    age: ttl
  },
  {
    name: "stale values are read together while everything is invalidated",
    cached: { main: { ttl, staleFor: 1_000, isBatched: true } },
    warm: { main: ["a", "b"] },
    processes: { A: [[getMany("a", "b")], [changeAll("a", "b"), get("a")]] },
    age: ttl
  },
  {
    name: "a value is looked up before its end while it is changed",
    cached: { main: { ttl, refreshAhead: 1_000_000 } },
    warm,
    processes: {
      A: [
        [get("a"), get("a")],
        [change("a"), get("a")]
      ]
    },
    age: 1
  },
  {
    name: "a stale value is served under a lease",
    cached: { main: { ttl, staleFor: 1_000, lease: 12 } },
    warm,
    processes: { A: [[get("a")]], B: [[get("a")], [change("a")]] },
    age: ttl
  }
]
