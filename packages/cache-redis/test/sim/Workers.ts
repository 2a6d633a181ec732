/**
 * Processes that simulate side by side. What comes of a run does not depend on how many there are, nor on what one of them
 * has run before.
 */
import { type ChildProcess, fork } from "node:child_process"
import type { SimulationOptions } from "./Simulation.ts"
import type { Answer } from "./worker.ts"

export class Workers {
  readonly #children = new Set<ChildProcess>()

  /**
   * Simulates all of these, so many at a time, and yields their results in order. Ends the processes when it is left.
   */
  async *run(
    runs: ReadonlyArray<SimulationOptions>,
    jobs: number
  ): AsyncGenerator<readonly [SimulationOptions, Answer]> {
    const answers = new Map(runs.map((_, index) => [index, Promise.withResolvers<Answer>()]))
    let next = 0
    const work = () => {
      const child = fork(new URL("./worker.ts", import.meta.url), { serialization: "advanced" })
      this.#children.add(child)
      let current: number | undefined
      child.on("message", (answer: Answer | "ready") => {
        if (answer !== "ready") answers.get(current as number)?.resolve(answer)
        current = next < runs.length ? next++ : undefined
        if (current === undefined) child.disconnect()
        else child.send(runs[current] as SimulationOptions)
      })
      child.on("exit", (code, signal) => {
        this.#children.delete(child)
        if (current === undefined) return
        answers.get(current)?.resolve({ thrown: `the process ended with ${code ?? signal}` })
        if (next < runs.length) work()
      })
    }
    for (let count = Math.min(jobs, runs.length); count > 0; count--) work()
    try {
      for (const [index, options] of runs.entries()) {
        yield [options, await (answers.get(index) as PromiseWithResolvers<Answer>).promise]
        answers.delete(index)
      }
    } finally {
      for (const child of this.#children) child.kill()
    }
  }
}
