/**
 * Reads, and changes of single keys meanwhile.
 */
import { change, changeAll, get, getBatched, getMany, type Scenario, set } from "../Scenario.ts"

export const reads: ReadonlyArray<Scenario> = [
  {
    name: "two processes read a key, and one changes it",
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] },
    faults: 1,
    kinds: ["timeout"]
  },
  {
    name: "a reader reads on while another process changes the key",
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[change("a")]] },
    faults: 1
  },
  {
    name: "two readers of a process read a key that another changes",
    prepared: ["a"],
    processes: { A: [[get("a")], [get("a")]], B: [[change("a")]] },
    faults: 1
  },
  {
    name: "a process changes a key that it reads",
    prepared: ["a"],
    processes: { A: [[get("a")], [change("a"), get("a")]] },
    faults: 1
  },
  {
    name: "a process changes a key twice while it reads it",
    prepared: ["a"],
    processes: {
      A: [[get("a")], [change("a"), change("a")]]
    },
    late: 1
  },
  {
    name: "two processes change a cached key",
    warm: { main: ["a"] },
    processes: { A: [[change("a"), get("a")]], B: [[change("a")]] },
    faults: 1
  },
  {
    name: "a cached key is changed while two read it",
    warm: { main: ["a"] },
    processes: { A: [[get("a")], [change("a")]], B: [[get("a")]] },
    late: 1
  },
  {
    name: "a key is set while it is looked up in the same process",
    prepared: ["a"],
    processes: { A: [[get("a")], [set("a"), get("a")]] }
  },
  {
    name: "an operation fails while a key is set and looked up in the same process",
    prepared: ["a"],
    processes: { A: [[get("a")], [set("a")]] },
    faults: 1
  },
  {
    name: "a key is set while another process looks it up",
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[set("a")]] },
    faults: 1
  },
  {
    name: "a cached key is set by two processes",
    warm: { main: ["a"] },
    processes: { A: [[set("a"), get("a")]], B: [[set("a")]] },
    faults: 1
  },
  {
    name: "a key is set in one process and invalidated in another",
    prepared: ["a"],
    processes: { A: [[set("a"), get("a")]], B: [[change("a")]] },
    faults: 1
  },
  {
    name: "everything is invalidated while a key is looked up",
    prepared: ["a"],
    processes: { A: [[get("a")], [changeAll("a"), get("a")]] },
    faults: 1
  },
  {
    name: "everything is invalidated by another process",
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[changeAll("a")]] },
    faults: 1
  },
  {
    name: "a key is set while everything is invalidated",
    prepared: ["a"],
    processes: { A: [[set("a"), get("a")]], B: [[changeAll("a")]] },
    late: 1
  },
  {
    name: "everything and a single key are invalidated",
    warm: { main: ["a", "b"] },
    processes: { A: [[changeAll("a", "b"), get("a")]], B: [[change("b"), get("b")]] }
  },
  {
    name: "many keys are read while one is changed",
    prepared: ["a", "b"],
    processes: { A: [[getMany("a", "b")]], B: [[change("a")]] },
    faults: 1
  },
  {
    name: "many keys are looked up together while one is changed",
    cached: { main: { isBatched: true } },
    prepared: ["a", "b"],
    processes: { A: [[getMany("a", "b")], [get("a")]], B: [[change("a")]] }
  },
  {
    name: "a key of many is changed in the process that reads them",
    cached: { main: { isBatched: true } },
    prepared: ["a", "b"],
    processes: { A: [[getMany("a", "b")], [change("a"), get("a")]] },
    faults: 1,
    kinds: ["timeout"]
  },
  {
    name: "a read joins one of many that is slower than it",
    prepared: ["a", "b"],
    processes: { A: [[getMany("a", "b")], [get("a")]], B: [[change("a")]] }
  },
  {
    name: "batched reads of a key that is changed",
    cached: { main: { isBatched: true } },
    prepared: ["a", "b"],
    processes: { A: [[getBatched("a")], [getBatched("b")]], B: [[change("a")]] }
  },
  {
    name: "a reader is interrupted while another waits for the same lookup",
    prepared: ["a"],
    processes: { A: [[get("a")], [get("a")]], B: [[change("a")]] },
    faults: 1,
    kinds: ["cancel"]
  },
  {
    name: "a lookup fails while the key is changed",
    prepared: ["a"],
    processes: { A: [[get("a")], [get("a")]], B: [[change("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "the store evicts keys while a key is changed",
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[change("a")]] },
    faults: 1,
    kinds: ["evict"]
  },
  {
    name: "the store evicts what a cached key stands on",
    warm: { main: ["a"] },
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] },
    faults: 2,
    kinds: ["evict"]
  },
  {
    name: "the store evicts keys while everything is invalidated",
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[changeAll("a")]] },
    faults: 1,
    kinds: ["evict"]
  },
  {
    name: "a process ends while another changes the key",
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[change("a")]] },
    faults: 1,
    kinds: ["end"]
  },
  {
    name: "a process ends while it changes the key",
    warm: { main: ["a"] },
    processes: { A: [[get("a")]], B: [[set("a"), change("a")]] },
    faults: 1,
    kinds: ["end"]
  },
  {
    name: "a key without a value gets one",
    cached: { main: { negativeTtl: 30_000 } },
    isAbsent: (_key, version) => version === 0,
    processes: { A: [[get("a"), get("a")]], B: [[change("a")]] },
    faults: 1,
    kinds: ["timeout"]
  },
  {
    name: "a key loses its value",
    cached: { main: { negativeTtl: 30_000 } },
    warm: { main: ["a"] },
    isAbsent: (_key, version) => version === 1,
    processes: { A: [[get("a")], [get("a")]], B: [[change("a")]] }
  },
  {
    name: "absences are not kept",
    cached: { main: { negativeTtl: 0, isBatched: true } },
    isAbsent: (_key, version) => version === 1,
    warm: { main: ["a"] },
    processes: { A: [[getMany("a", "b"), get("a")]], B: [[change("a")]] }
  },
  {
    name: "a value ends while it is read and changed",
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[change("a")]] },
    ticks: [60_000]
  }
]
