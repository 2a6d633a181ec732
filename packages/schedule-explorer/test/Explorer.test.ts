import { assert, describe, it } from "@effect/vitest"
import { Explorer, RandomWalk, Report, Scenario, scenarios } from "@hexcache/schedule-explorer"

const { change, changeTag, get, getMany, set } = Scenario

/** Few steps, so that every schedule of each is run here; `pnpm explore` has those with more. */
const small: ReadonlyArray<Scenario.Scenario> = [
  {
    name: "a reader and a change in another process",
    prepared: ["a"],
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] }
  },
  {
    name: "a cached key that another process changes, with one fault",
    warm: { main: ["a"] },
    processes: { A: [[get("a")]], B: [[change("a"), get("a")]] },
    faults: 1
  },
  {
    name: "a key that is changed where it is read",
    prepared: ["a"],
    processes: { A: [[get("a")], [change("a")]] }
  },
  {
    name: "a key that is set in one process and read in another",
    processes: { A: [[get("a")]], B: [[set("a"), get("a")]] }
  },
  {
    name: "keys that are read together while one is changed",
    cached: { main: { isBatched: true } },
    warm: { main: ["a"] },
    processes: { A: [[getMany("a", "b")]], B: [[change("a"), getMany("a", "b")]] }
  }
]

/** The tags of one `Cached`, which writes none of its entries. */
const untagged: ReadonlyArray<Scenario.Scenario> = [
  {
    name: "a tag that an entry lacks is invalidated by another process",
    cached: { main: {}, other: { tags: () => ["t"] } },
    warm: { main: ["a"] },
    processes: { A: [[get("a"), get("a")]], B: [[Scenario.on("other", changeTag("t", "a")), get("a")]] },
    faults: 1
  },
  {
    name: "a tag that an entry lacks is invalidated where the key is read",
    cached: { main: {}, other: { tags: () => ["t"] } },
    warm: { main: ["a"] },
    processes: { A: [[Scenario.on("other", changeTag("t", "a")), get("a")]], B: [[get("a"), get("a")]] },
    late: 1
  }
]

describe("Cached", () => {
  for (const scenario of small)
    it(`breaks no law in any schedule of ${scenario.name}`, async () => {
      const { broken, isComplete, schedules } = await Explorer.explore(scenario)
      assert.deepStrictEqual(Array.from(broken.values(), Report.print), [])
      assert.isTrue(isComplete)
      assert.isAbove(schedules, 5)
    })

  it("breaks no law in schedules of every scenario that are drawn at random", async () => {
    for (const scenario of scenarios) {
      const broken = await RandomWalk.walk(scenario, 4, 1)
      assert.deepStrictEqual(Array.from(broken.values(), Report.print), [])
    }
  })
})

describe("a search", () => {
  for (const scenario of untagged)
    it(`finds the same broken laws by fewer schedules, where ${scenario.name}`, async () => {
      const all = await Explorer.explore(scenario, { isReduced: false })
      const fewer = await Explorer.explore(scenario)
      assert.deepStrictEqual(Array.from(fewer.broken.keys()).sort(), Array.from(all.broken.keys()).sort())
      assert.isAbove(all.broken.size, 0)
      assert.isBelow(fewer.schedules, all.schedules)
    })
})

describe("a schedule", () => {
  it("is the same whenever it is repeated from its seed", () => {
    const [scenario] = scenarios
    assert.isDefined(scenario)
    const seed = `${scenario.name.replaceAll(" ", "-")}/1/0.0.1.0.0`
    const { choices, faults, scenario: found } = Report.fromSeed(seed, scenarios)
    assert.strictEqual(found, scenario)
    const once = Report.describe(found, faults, choices)
    assert.deepStrictEqual(Report.describe(found, faults, choices), once)
    assert.strictEqual(once.steps.length, 5)
    assert.match(once.steps[0] ?? "", /^A begins get a$/)
  })

  it("that breaks a law is found, and told by the fewest steps", async () => {
    // Nobody can know of a change of the source of truth without an invalidation.
    const stale: Scenario.Scenario = {
      name: "a value that is served for longer than it lives",
      cached: { main: {}, other: { ttl: 1_000 } },
      warm: { main: ["a"] },
      processes: { A: [[Scenario.on("other", get("a")), get("a")]] },
      ticks: [500],
      longestLife: 400
    }
    const { broken } = await Explorer.explore(stale)
    assert.deepStrictEqual(Array.from(broken.keys()), ["servedUntil"])
    const example = Explorer.shortest(stale, "servedUntil")
    assert.isDefined(example)
    assert.isAtMost(example.choices.length, 8)
    assert.include(Report.print(example), "get saw a@0")
  })
})
