/**
 * Keys that are refreshed: nobody reads anything older afterwards in the same process, also while the change of the key is
 * still being invalidated by another.
 */
import { change, changeTag, expire, get, getMany, getOption, refresh, type Scenario, set } from "../Scenario.ts"

const warm = { main: ["a"] }
const tagged = { main: { tags: () => ["t"] } }

export const refreshes: ReadonlyArray<Scenario> = [
  {
    name: "a key is refreshed and read",
    warm,
    processes: { A: [[refresh("a"), get("a")]], B: [[change("a")]] },
    faults: 1
  },
  {
    name: "a key is refreshed and read twice",
    warm,
    processes: { A: [[refresh("a"), get("a")], [get("a")]], B: [[change("a")]] }
  },
  {
    name: "a key is refreshed and read among many, and without a lookup",
    warm,
    processes: { A: [[refresh("a"), getMany("a", "b"), getOption("a")]], B: [[change("a")]] },
    faults: 1,
    kinds: ["refuseRead"]
  },
  {
    name: "a key is refreshed in the process that changes it",
    warm,
    processes: {
      A: [[refresh("a")], [change("a"), get("a")]]
    },
    late: 1
  },
  {
    name: "a key is refreshed where it is read",
    prepared: ["a"],
    processes: { A: [[refresh("a")], [get("a")]] },
    faults: 1,
    kinds: ["timeout"]
  },
  {
    name: "a key is refreshed where it is looked up while another process changes it",
    prepared: ["a"],
    processes: { A: [[get("a")], [refresh("a")]], B: [[change("a")]] }
  },
  {
    name: "a key is refreshed twice at a time",
    warm,
    processes: {
      A: [[refresh("a"), get("a")], [refresh("a")]],
      B: [[change("a")]]
    }
  },
  {
    name: "a key is refreshed while a tag that it does not have is invalidated",
    cached: tagged,
    warm,
    processes: { A: [[refresh("a"), get("a")], [changeTag("u")]], B: [[change("a")]] }
  },
  {
    name: "a key is refreshed while it is set",
    warm,
    processes: {
      A: [
        [refresh("a"), get("a")],
        [set("a"), get("a")]
      ]
    }
  },
  {
    name: "a stale value is refreshed while it is looked up in the background",
    cached: { main: { ttl: 1_000, staleFor: 1_000 } },
    warm,
    processes: { A: [[get("a")], [refresh("a"), get("a")]], B: [[change("a")]] },
    age: 1_000
  },
  {
    name: "a key is refreshed while another process expires it",
    cached: { main: { staleFor: 10_000 } },
    warm,
    processes: { A: [[refresh("a"), get("a")]], B: [[expire("a")]] }
  }
]
