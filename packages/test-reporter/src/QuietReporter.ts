import {
  DefaultReporter,
  type SerializedError,
  type TestCase,
  type TestModule,
  type TestRunEndReason,
  type TestSpecification
} from "vitest/node"

/** Options of `QuietReporter`. */
export interface QuietReporterOptions {
  /** A run of at most so many files prints a line for each, as vitest does. 3 unless given. */
  readonly fewFiles?: number
  /** Time between two lines of progress where stdout is no terminal, in milliseconds. 15,000 unless given. */
  readonly progressMillis?: number
}

const slowestShown = 10

/**
 * Vitest's default reporter, less what it prints about files that pass: lines of progress while the run goes on, everything
 * about a failure, and at the end the slowest tests and vitest's own summary.
 */
export class QuietReporter extends DefaultReporter {
  readonly #fewFiles: number
  readonly #progressMillis: number
  #files = { ended: 0, total: 0 }
  #tests = { passed: 0, failed: 0 }
  #ran: Array<TestCase> = []
  #timer: NodeJS.Timeout | undefined

  constructor({ fewFiles = 3, progressMillis = 15_000 }: QuietReporterOptions = {}) {
    super()
    this.#fewFiles = fewFiles
    this.#progressMillis = progressMillis
  }

  override onTestRunStart(specifications: ReadonlyArray<TestSpecification>): void {
    super.onTestRunStart(specifications)
    this.#files = { ended: 0, total: specifications.length }
    this.#tests = { passed: 0, failed: 0 }
    this.#ran = []
    // A terminal shows vitest's live summary.
    if (!this.isTTY) this.#timer = setInterval(() => this.#printProgress(), this.#progressMillis).unref()
  }

  override onTestCaseResult(test: TestCase): void {
    super.onTestCaseResult(test)
    const { state } = test.result()
    if (state !== "passed" && state !== "failed") return
    this.#tests[state] += 1
    this.#ran.push(test)
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module)
    this.#files.ended += 1
  }

  override onTestRunEnd(
    modules: ReadonlyArray<TestModule>,
    errors: ReadonlyArray<SerializedError>,
    reason: TestRunEndReason
  ): void {
    clearInterval(this.#timer)
    if (!this.#isOfFewFiles) this.#printSlowest()
    super.onTestRunEnd(modules, errors, reason)
  }

  protected override printTestModule(module: TestModule): void {
    if (this.#isOfFewFiles || module.state() === "failed") super.printTestModule(module)
  }

  protected override printTestCase(moduleState: ReturnType<TestModule["state"]>, test: TestCase): void {
    if (this.#isOfFewFiles || test.result().state === "failed") super.printTestCase(moduleState, test)
  }

  get #isOfFewFiles(): boolean {
    return this.#files.total <= this.#fewFiles
  }

  #printProgress(): void {
    const { ended, total } = this.#files
    const { failed, passed } = this.#tests
    this.log(
      [
        `${ended} of ${total} files`,
        `${passed.toLocaleString("en")} tests passed`,
        ...(failed === 0 ? [] : [`${failed.toLocaleString("en")} failed`]),
        `${Math.round((performance.now() - this.start) / 1_000)} s`
      ].join(", ")
    )
  }

  #printSlowest(): void {
    const slowest = this.#ran
      .map((test) => ({ test, millis: test.diagnostic()?.duration ?? 0 }))
      .sort((one, other) => other.millis - one.millis)
      .slice(0, slowestShown)
    if (slowest.length === 0) return
    this.log("\nSlowest tests")
    for (const { millis, test } of slowest) {
      const seconds = (millis / 1_000).toFixed(1).padStart(6)
      this.log(`${seconds} s  ${test.project.name}  ${test.module.relativeModuleId}  ${test.fullName}`)
    }
  }
}
