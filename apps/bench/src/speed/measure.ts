import type { Contestant, Loops, Turns } from "./Contestant.ts"
import type { Task, Variant, Work } from "./Work.ts"
import { watchProcess } from "./watchProcess.ts"

/** The measurement of a run. */
export interface Measured {
  readonly operations: number
  readonly millis: number
  /** Of all threads of the process, in the user's and the system's mode. */
  readonly cpuMicros: number
  /** Further figures of the run, by name and unit. */
  readonly beside?: Readonly<Record<string, number>>
}

/** When a run ends: after some time, or a number of turns. */
interface Bound {
  readonly millis?: number
  readonly turns?: number
}

/** Loops look at the clock once in so many turns: most take less time than the look. */
const clockMask = 63

/** The turns of one run, which go on where the run before stopped. */
class BoundTurns implements Turns {
  #next: number
  #isOver = false
  readonly #until: number
  readonly #end: number
  readonly #task: Task

  constructor(task: Task, from: number, { millis = Infinity, turns = Infinity }: Bound) {
    this.#task = task
    this.#next = from
    this.#end = from + turns
    this.#until = performance.now() + millis
  }

  get next(): number {
    return this.#next
  }

  /** Caches in memory never let a timer run, and slow ones take few turns: so both the clock and a timer end a run. */
  stop(): void {
    this.#isOver = true
  }

  goesOn(): boolean {
    if ((this.#next & clockMask) === 0 && performance.now() >= this.#until) this.#isOver = true
    return !this.#isOver && this.#next < this.#end
  }

  take(): number {
    return this.#next++
  }

  ask(turn: number): unknown {
    return this.#task.ask(turn)
  }

  check(turn: number, answer: unknown): void {
    this.#task.check(turn, answer)
  }
}

/** Runs a task. Returns the turn to go on from. */
const run = async (loops: Loops, task: Task, inFlight: number, from: number, bound: Bound): Promise<number> => {
  const turns = new BoundTurns(task, from, bound)
  const timer = bound.millis === undefined ? undefined : setTimeout(() => turns.stop(), bound.millis)
  try {
    await loops(turns, inFlight)
  } finally {
    clearTimeout(timer)
  }
  return turns.next
}

/** Does a task's turns from 0 to `turns`, as fast as some in flight let it. */
export const each = async ({ loops }: Contestant, turns: number, task: Task): Promise<void> => {
  await run(loops, task, 32, 0, { turns })
}

/** A task that is run again and again, each time from where it stopped. */
export const measuring = ({ loops }: Contestant, task: Task, { inFlight }: Variant, watches: Work["watches"]) => {
  let next = 0

  const once = async (bound: Bound): Promise<Measured> => {
    const from = next
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    next = await run(loops, task, inFlight, from, bound)
    const millis = performance.now() - start
    const { system, user } = process.cpuUsage(cpuBefore)
    return { operations: (next - from) * (task.perTurn ?? 1), millis, cpuMicros: user + system }
  }

  return {
    /** Comes before every run. */
    prepare: async (): Promise<void> => task.before?.(),
    /** Runs for so long, or as many turns as the task says. */
    run: async (millis: number): Promise<Measured> => {
      const watch = watches === "process" ? watchProcess() : undefined
      const bound = task.turns === undefined ? { millis } : { turns: task.turns }
      const sum = { operations: 0, millis: 0, cpuMicros: 0 }
      for (let repeat = 0; repeat < (task.repeats ?? 1); repeat++) {
        if (repeat > 0) await task.before?.()
        const measured = await once(bound)
        sum.operations += measured.operations
        sum.millis += measured.millis
        sum.cpuMicros += measured.cpuMicros
        await task.after?.()
      }
      return watch === undefined ? sum : { ...sum, beside: watch.end(sum.millis) }
    }
  }
}
