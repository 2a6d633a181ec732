/**
 * Values that are expired: served only where a lookup fails.
 */
import { change, changeAll, expire, get, getMany, refresh, type Scenario, set } from "../Scenario.ts"

const cached = { main: { staleFor: 10_000 } }
const warm = { main: ["a"] }

export const expired: ReadonlyArray<Scenario> = [
  {
    name: "a key is expired while another process reads it",
    cached,
    warm,
    processes: { A: [[get("a")]], B: [[expire("a"), get("a")]] },
    faults: 1
  },
  {
    name: "a key is expired where it is read",
    cached,
    warm,
    processes: { A: [[get("a")], [expire("a"), get("a")]] }
  },
  {
    name: "a key is expired while it is looked up",
    cached,
    processes: { A: [[get("a")]], B: [[expire("a"), get("a")]] }
  },
  {
    name: "a key is expired and its source fails",
    cached,
    warm,
    processes: { A: [[get("a"), get("a")]], B: [[expire("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is expired and its source fails, and so does the store",
    cached,
    warm,
    processes: { A: [[expire("a"), get("a"), get("a")]] },
    faults: 2,
    kinds: ["fail", "refuseRead", "timeout"]
  },
  {
    name: "a key is expired by one process and invalidated by another, and its source fails",
    cached,
    warm,
    processes: { A: [[expire("a"), get("a")]], B: [[change("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is expired and invalidated in one process, and its source fails",
    cached,
    warm,
    processes: { A: [[expire("a")], [change("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is expired by two processes, and its source fails",
    cached,
    warm,
    processes: { A: [[expire("a"), get("a")]], B: [[expire("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is expired by one process and set by another, and its source fails",
    cached,
    warm,
    processes: { A: [[expire("a"), get("a")]], B: [[set("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is expired while it is refreshed, and its source fails",
    cached,
    warm,
    processes: { A: [[expire("a")], [refresh("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is expired while everything is invalidated, and its source fails",
    cached,
    warm,
    processes: { A: [[expire("a")]], B: [[changeAll("a"), get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key of many is expired, and their source fails",
    cached: { main: { staleFor: 10_000, isBatched: true } },
    warm: { main: ["a", "b"] },
    processes: { A: [[getMany("a", "b")]], B: [[expire("a"), getMany("a", "b")]] },
    faults: 1,
    kinds: ["fail"]
  }
]
