import { beforeAll, describe, expect, test } from "vitest"
import { type Ran, runFixture } from "./support/runFixture.ts"

describe("a run that fails", () => {
  let run: Ran
  beforeAll(async () => {
    run = await runFixture()
  })

  test("the run says by its exit code that it failed", () => expect(run.code).toBe(1))

  test("the reporter prints no log line of a test that passes, of its hooks, or from after its end", () => {
    expect(run.output.match(/^a log line.*$/gm)).toEqual(["a log line of a failing test"])
  })

  test("the reporter prints a failed test's file, name, difference and line of code", () => {
    expect(run.output).toMatch(/FAIL .*fails\.case\.ts > a test fails/)
    expect(run.output).toContain('-   "city": "Nanjing"')
    expect(run.output).toContain('+   "city": "Shanghai"')
    expect(run.output).toContain("fails.case.ts:5:")
  })

  test("the reporter prints an error that no test catches, and its line of code", () => {
    expect(run.output).toContain("Error: an error that no test catches")
    expect(run.output).toContain("throwsLate.case.ts:6:")
  })

  test("the reporter prints no line about a file that passes", () => {
    expect(run.output).not.toContain("✓")
  })

  test("the reporter prints how far the run is where stdout is no terminal", () => {
    expect(run.output).toMatch(/^\d of 3 files, \d tests passed(, 1 failed)?, \d+ s$/m)
  })

  test("the reporter lists the slowest tests by time, with project, file and name", () => {
    const [slowest, next] = run.output.split("Slowest tests\n")[1]?.split("\n") ?? []
    expect(slowest).toMatch(/^ +\d+\.\d s {2}fixture {2}passes\.case\.ts {2}a slow test passes$/)
    expect(next).toMatch(/^ +\d+\.\d s {2}fixture {2}/)
  })

  test("the run ends with vitest's summary", () => {
    expect(run.output).toMatch(/^ Test Files {2}1 failed \| 2 passed \(3\)$/m)
    expect(run.output).toMatch(/^ {6}Tests {2}1 failed \| 4 passed \(5\)$/m)
    expect(run.output).toMatch(/^ {5}Errors {2}1 error$/m)
  })
})

test("a run of few files prints a line for each, and no list of slow tests", async () => {
  const { code, output } = await runFixture("passes")
  expect(code).toBe(0)
  expect(output).toMatch(/✓ .*passes\.case\.ts \(2 tests\)/)
  expect(output).not.toContain("Slowest")
  expect(output).not.toContain("a log line")
})

test("a run of one test by its name lists that test", async () => {
  const { code, output } = await runFixture("-t", "slow test")
  expect(code).toBe(0)
  expect(output).toMatch(/Slowest tests\n +\d+\.\d s {2}fixture {2}passes\.case\.ts {2}a slow test passes\n\n/)
  expect(output).toMatch(/^ {6}Tests {2}1 passed \| 4 skipped \(5\)$/m)
})
