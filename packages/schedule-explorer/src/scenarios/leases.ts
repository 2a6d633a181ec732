/**
 * Lookups that processes share.
 */
import { change, changeTag, get, refresh, type Scenario, set } from "../Scenario.ts"

const cached = { main: { lease: 12 } }

export const leased: ReadonlyArray<Scenario> = [
  {
    name: "two processes look a key up under a lease",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")]] },
    isTimed: true
  },
  {
    name: "a process changes a key that another looks up under a lease",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] },
    late: 1
  },
  {
    name: "a reader waits for the lease of another process while its own invalidates",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")], [change("a")]] }
  },
  {
    name: "a reader waits for the lease of another process while an invalidation fails",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")], [change("a")]] },
    faults: 1,
    kinds: ["refuseDelete"]
  },
  {
    name: "a tag is invalidated while a reader waits for a lease",
    cached: { main: { lease: 12, tags: () => ["t"] } },
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")], [changeTag("t", "a")]] }
  },
  {
    name: "a reader under a lease is interrupted",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")]] },
    faults: 1,
    kinds: ["cancel"]
  },
  {
    name: "the owner of a lease ends",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")]] },
    faults: 1,
    kinds: ["end"],
    isTimed: true
  },
  {
    name: "the lookup of the owner of a lease fails",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")]] },
    faults: 1,
    kinds: ["fail"]
  },
  {
    name: "a key is set while it is looked up under a lease",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[set("a"), get("a")]] }
  },
  {
    name: "a key is refreshed while it is looked up under a lease",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[refresh("a"), get("a")]] }
  },
  {
    name: "operations of a lease fail",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")]] },
    faults: 1
  },
  {
    name: "the store evicts a lease",
    cached,
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[get("a")]] },
    faults: 1,
    kinds: ["evict"]
  }
]
