/**
 * A store that restarts: empty, or from a snapshot, which brings back what was invalidated since. Whatever is invalidated
 * afterwards stays so.
 */
import { change, changeAll, changeTag, get, refresh, type Scenario, set } from "../Scenario.ts"

const warm = { main: ["a"] }
const tagged = { main: { tags: () => ["t"] } }

export const restarts: ReadonlyArray<Scenario> = [
  {
    name: "the store restarts empty while a key is changed",
    warm,
    processes: { A: [[get("a"), get("a")]], B: [[change("a"), get("a")]] },
    faults: 1,
    kinds: ["empty"]
  },
  {
    name: "the store restarts empty while a tagged key is looked up",
    cached: tagged,
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[changeTag("t", "a")]] },
    faults: 1,
    kinds: ["empty"]
  },
  {
    name: "the store goes back to its snapshot, and the key is changed again",
    warm,
    processes: { A: [[change("a"), get("a"), change("a"), get("a")]], B: [[get("a")]] },
    faults: 1,
    kinds: ["goBack"]
  },
  {
    name: "the store goes back to its snapshot, and everything is invalidated",
    warm,
    processes: { A: [[change("a"), get("a")]], B: [[changeAll("a"), get("a")]] },
    faults: 1,
    kinds: ["goBack"]
  },
  {
    name: "the store goes back to its snapshot, and a tag is invalidated",
    cached: tagged,
    warm,
    processes: { A: [[changeTag("t", "a"), get("a")]], B: [[changeTag("t", "a")]] },
    faults: 1,
    kinds: ["goBack"]
  },
  {
    name: "the store goes back to its snapshot while a key is set and refreshed",
    warm,
    processes: { A: [[set("a"), get("a")]], B: [[refresh("a"), get("a")]] },
    faults: 1,
    kinds: ["goBack"]
  }
]
