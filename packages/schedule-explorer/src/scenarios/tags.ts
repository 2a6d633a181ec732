/**
 * Values with tags.
 */
import { change, changeAll, changeTag, get, getMany, type Scenario, set } from "../Scenario.ts"

const tags = () => ["t"]
/** A value that loses one tag and gets another. */
const moving = (_key: string, version: number) => [version === 0 ? "old" : "new"]

export const tagged: ReadonlyArray<Scenario> = [
  {
    name: "a tag is invalidated while its key is looked up",
    cached: { main: { tags } },
    prepared: ["a"],
    processes: { A: [[get("a")], [changeTag("t", "a")]] },
    late: 1
  },
  {
    name: "a tag is invalidated by another process",
    cached: { main: { tags } },
    prepared: ["a"],
    processes: { A: [[get("a"), get("a")]], B: [[changeTag("t", "a")]] },
    late: 1
  },
  {
    name: "a tag of a cached key is invalidated by another process",
    cached: { main: { tags } },
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[changeTag("t", "a")]] },
    late: 1
  },
  {
    name: "a tag is invalidated where a write of it fails",
    cached: { main: { tags } },
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[changeTag("t", "a")]] },
    faults: 1
  },
  {
    name: "two tags are invalidated",
    cached: { main: { tags: () => ["t", "u"] } },
    warm: { main: ["a"] },
    processes: { A: [[changeTag("t", "a"), get("a")]], B: [[changeTag("u", "a"), get("a")]] }
  },
  {
    name: "a tagged key is set while its tag is invalidated",
    cached: { main: { tags } },
    prepared: ["a"],
    processes: { A: [[set("a"), get("a")]], B: [[changeTag("t", "a"), get("a")]] }
  },
  {
    name: "a value changes its tag",
    cached: { main: { tags: moving } },
    warm: { main: ["a"] },
    processes: { A: [[changeTag("old", "a"), get("a")]], B: [[get("a"), get("a")]] }
  },
  {
    name: "two keys of a tag are read together",
    cached: { main: { isBatched: true, tags } },
    prepared: ["a", "b"],
    processes: { A: [[getMany("a", "b")]], B: [[changeTag("t", "a", "b"), get("a")]] }
  },
  {
    name: "a tag, a key and everything are invalidated",
    cached: { main: { tags } },
    warm: { main: ["a"] },
    processes: { A: [[changeTag("t", "a"), get("a")], [change("a")]], B: [[changeAll("a")]] }
  },
  {
    name: "the store evicts the generation of a tag",
    cached: { main: { tags } },
    warm: { main: ["a"] },
    processes: { A: [[get("a")]], B: [[changeTag("t", "a")]] },
    faults: 1,
    kinds: ["evict"]
  }
]
