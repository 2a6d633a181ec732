/**
 * A near cache in front of the store, in each process.
 */
import { change, changeAll, changeTag, get, type Scenario, set } from "../Scenario.ts"

export const near: ReadonlyArray<Scenario> = [
  {
    name: "near caches: a key is changed by another process",
    isNear: true,
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[change("a")]] },
    late: 1
  },
  {
    name: "near caches: a process changes what it has near",
    isNear: true,
    warm: { main: ["a"] },
    processes: {
      A: [[get("a")], [change("a"), get("a")]]
    },
    late: 1
  },
  {
    name: "near caches: a key is set",
    isNear: true,
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[set("a")]] }
  },
  {
    name: "near caches: everything is invalidated",
    isNear: true,
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[get("a"), changeAll("a"), get("a")]] }
  },
  {
    name: "near caches: a tag is invalidated",
    isNear: true,
    cached: { main: { tags: () => ["t"] } },
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[changeTag("t", "a")]] }
  },
  {
    name: "near caches: an invalidation fails",
    isNear: true,
    warm: { main: ["a"] },
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] },
    faults: 1,
    kinds: ["timeout"]
  }
]
