/**
 * Invalidations that the store fails.
 */
import { change, changeAll, changeTag, expire, get, getOption, on, refresh, type Scenario, set } from "../Scenario.ts"

const tags = () => ["t"]

export const pending: ReadonlyArray<Scenario> = [
  {
    name: "an invalidation is pending while the key is read",
    warm: { main: ["a"] },
    processes: { A: [[change("a"), get("a")], [get("a")]] },
    faults: 1
  },
  {
    name: "an invalidation by another Cached of the process is pending while the key is read",
    cached: { main: {}, other: {} },
    warm: { main: ["a"] },
    processes: { A: [[on("other", change("a")), get("a")], [get("a")]] },
    faults: 2
  },
  {
    name: "another Cached of the process sets a key while it is looked up",
    cached: { main: {}, other: {} },
    processes: { A: [[on("other", set("a")), get("a")], [get("a")]] }
  },
  {
    name: "another Cached of the process refreshes a key while it is read",
    cached: { main: {}, other: {} },
    warm: { main: ["a"] },
    processes: { A: [[on("other", refresh("a")), get("a")], [get("a")]] }
  },
  {
    name: "another Cached of the process expires a key while it is refreshed",
    cached: { main: { staleFor: 60_000 }, other: { staleFor: 60_000 } },
    warm: { main: ["a"] },
    processes: { A: [[on("other", expire("a")), get("a")], [refresh("a")]] }
  },
  {
    name: "a pending invalidation is carried out while another process reads",
    warm: { main: ["a"] },
    processes: { A: [[change("a"), get("a")]], B: [[get("a"), get("a")]] },
    faults: 1
  },
  {
    name: "a pending invalidation fails again",
    warm: { main: ["a"] },
    processes: { A: [[change("a"), get("a"), change("a"), get("a")]] },
    faults: 2
  },
  {
    name: "two invalidations of a key are pending side by side",
    warm: { main: ["a"] },
    processes: {
      A: [
        [change("a"), get("a")],
        [change("a"), get("a")]
      ]
    },
    faults: 2,
    kinds: ["refuseDelete"]
  },
  {
    name: "a key is changed again while its pending invalidation is retried",
    warm: { main: ["a"] },
    processes: {
      A: [
        [change("a"), getOption("a")],
        [change("a"), getOption("a")]
      ],
      B: [[get("a")]]
    },
    faults: 2,
    kinds: ["refuseDelete"],
    late: 1
  },
  {
    name: "the invalidation of everything is pending",
    warm: { main: ["a"] },
    processes: { A: [[changeAll("a"), get("a")]], B: [[get("a")]] },
    faults: 1
  },
  {
    name: "a set that failed is pending as an invalidation",
    warm: { main: ["a"] },
    processes: { A: [[set("a"), get("a")]], B: [[get("a")]] },
    faults: 1
  },
  {
    name: "a set is pending while another process sets the key",
    prepared: ["a"],
    processes: { A: [[set("a"), get("a")]], B: [[set("a"), get("a")]] },
    faults: 1
  },
  {
    name: "a tag's invalidation is pending while its key is read",
    cached: { main: { tags } },
    warm: { main: ["a"] },
    processes: { A: [[changeTag("t", "a"), get("a"), get("a")]] },
    faults: 1
  },
  {
    name: "a tag's invalidation is pending while another process reads",
    cached: { main: { tags } },
    warm: { main: ["a"] },
    processes: { A: [[changeTag("t", "a"), get("a")]], B: [[get("a")]] },
    faults: 1
  },
  {
    name: "a process ends with an invalidation pending",
    warm: { main: ["a"] },
    processes: { A: [[change("a")]], B: [[get("a")]] },
    faults: 2,
    kinds: ["refuseDelete", "end"],
    ticks: [60_000]
  },
  {
    name: "a late write comes after the invalidation that it was given up for",
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] },
    faults: 2,
    kinds: ["timeout"]
  }
]
