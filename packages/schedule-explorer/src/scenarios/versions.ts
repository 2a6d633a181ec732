/**
 * Versions of a program, side by side on one namespace.
 */
import { change, changeAll, get, on, type Scenario, set } from "../Scenario.ts"

const minute = 60_000
const other = (call: Parameters<typeof on>[1]) => on("other", call)

export const versions: ReadonlyArray<Scenario> = [
  {
    name: "a version with another schema invalidates",
    cached: { main: {}, other: { isOtherSchema: true } },
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[other(change("a")), other(get("a"))]] }
  },
  {
    name: "a version with another schema and a shorter life invalidates",
    cached: { main: { ttl: 1_000 * minute }, other: { isOtherSchema: true } },
    warm: { main: ["a"] },
    processes: { A: [[get("a")]], B: [[other(change("a"))]] },
    ticks: [3 * minute]
  },
  {
    name: "a version with a shorter life invalidates what is looked up",
    cached: { main: { ttl: 1_000 * minute }, other: {} },
    processes: { A: [[get("a")]], B: [[other(change("a"))]] },
    ticks: [3 * minute],
    faults: 1,
    kinds: ["timeout"]
  },
  {
    name: "a version with a longer life invalidates",
    cached: { main: {}, other: { ttl: 1_000 * minute } },
    processes: { A: [[get("a")]], B: [[other(change("a")), other(get("a"))]] },
    ticks: [3 * minute]
  },
  {
    name: "the store evicts keys of two schemas",
    cached: { main: {}, other: { isOtherSchema: true } },
    warm: { main: ["a"], other: ["a"] },
    processes: { A: [[get("a")]], B: [[other(change("a")), other(get("a"))]] },
    faults: 1,
    kinds: ["evict"]
  },
  {
    name: "a version with another schema invalidates everything",
    cached: { main: {}, other: { isOtherSchema: true } },
    warm: { main: ["a"], other: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[other(changeAll("a")), other(get("a"))]] }
  },
  {
    name: "a version with another schema sets a key",
    cached: { main: {}, other: { isOtherSchema: true } },
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[other(set("a")), other(get("a"))]] },
    faults: 1
  },
  {
    name: "versions with two schemas read in one process",
    cached: { main: {}, other: { isOtherSchema: true } },
    prepared: ["a"],
    processes: {
      A: [
        [get("a"), other(get("a"))],
        [change("a"), get("a")]
      ]
    }
  }
]
