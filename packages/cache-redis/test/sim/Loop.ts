/**
 * An event loop whose time is its own.
 *
 * It has the phases of Node's: timers, whose times are whole milliseconds as there, then what came in, then immediates.
 * Microtasks and `process.nextTick` stay Node's, whose order is the same each time: each callback runs in a real immediate
 * of its own, behind which Node runs all of them. Where nothing is left to run, time moves on to what is due next.
 */
import { Heap } from "./Heap.ts"

interface Due {
  readonly at: number
  readonly order: number
}

/** A timer or an immediate, as Node's are to those who use them. */
export class Task implements Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
  readonly #loop: Tasks
  isPending = true
  isReferenced = true

  constructor(loop: Tasks, at: number, order: number, run: () => void) {
    this.#loop = loop
    this.at = at
    this.order = order
    this.run = run
    loop.add(this)
  }

  ref(): this {
    this.isReferenced = true
    return this
  }

  unref(): this {
    this.isReferenced = false
    return this
  }

  hasRef(): boolean {
    return this.isReferenced
  }

  end(): void {
    if (!this.isPending) return
    this.isPending = false
    this.#loop.delete(this)
  }
}

type Tasks = Set<Task>

/** Parts of a turn, in order. */
type Phase = "timers" | "arrivals" | "immediates" | "end of the turn"

const nothing: ReadonlyArray<never> = []

interface Arrival extends Due {
  readonly run: () => void
  readonly destination: Destination
}

/**
 * Where something arrives: at the processes, which the loop is of, or elsewhere, where nobody waits for them. What runs
 * elsewhere uses no promise: no microtask runs behind it alone.
 */
export type Destination = "process" | "elsewhere"

/** The number of steps for each real immediate: Node looks for events of its own only as often. */
const stepsAtOnce = 64

/** How long a turn of the loop takes that has work, in milliseconds. */
const turnTime = 0.02

const realImmediate = globalThis.setImmediate

export class Loop {
  /** Milliseconds since the simulation began. */
  now = 0
  /** Timers and immediates that have not run, and were not cleared. */
  readonly tasks: Tasks = new Set()
  /** Callbacks that have run. */
  steps = 0
  #turnBegan = 0
  #order = 0
  readonly #timers = new Heap<Task>(isBefore)
  readonly #arrivals = { process: new Heap<Arrival>(isBefore), elsewhere: new Heap<Arrival>(isBefore) }
  #immediates: Array<Task> = []
  #phase: Phase = "timers"
  /** The tasks of the phase, and its progress. */
  #batch: ReadonlyArray<Task | Arrival> = []
  #place = 0

  readonly setTimeout = (run: (...args: Array<unknown>) => void, millis = 1, ...args: Array<unknown>): Task => {
    const length = millis >= 1 && millis <= 2_147_483_647 ? Math.trunc(millis) : 1
    const timer = new Task(this.tasks, this.#turnBegan + length, this.#order++, bound(run, args))
    this.#timers.push(timer)
    return timer
  }

  readonly setImmediate = (run: (...args: Array<unknown>) => void, ...args: Array<unknown>): Task => {
    const immediate = new Task(this.tasks, 0, this.#order++, bound(run, args))
    this.#immediates.push(immediate)
    return immediate
  }

  readonly clear = (task: Task | undefined | null): void => task?.end()

  /** Runs when so many milliseconds are over, as what comes from outside the process. */
  arrive(millis: number, run: () => void, destination: Destination = "process"): void {
    this.#arrivals[destination].push({ at: this.now + millis, order: this.#order++, run, destination })
  }

  /** Lets time go on without the processes. */
  block(millis: number): void {
    const end = this.now + millis
    const { elsewhere } = this.#arrivals
    while (elsewhere.first !== undefined && elsewhere.first.at <= end) {
      const { at, run } = elsewhere.shift() as Arrival
      this.now = Math.max(this.now, at)
      run()
    }
    this.now = end
  }

  /** Runs the loop until told to end. Rejects with what a callback throws. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let planned = 0
      let ended = false
      const step = () => {
        planned--
        if (ended) return
        try {
          if (isOver() || !this.#runNext()) {
            ended = true
            resolve()
            return
          }
        } catch (thrown) {
          ended = true
          reject(thrown)
          return
        }
        if (planned === 0) plan()
      }
      const plan = () => {
        for (; planned < stepsAtOnce; planned++) realImmediate(step)
      }
      plan()
    })
  }

  /** Runs the next callback of a process, and what arrives elsewhere before it. Returns false if nothing is left. */
  #runNext(): boolean {
    for (;;) {
      const next = this.#batch[this.#place++]
      if (next === undefined) {
        if (!this.#beginPhase()) return false
      } else if (next instanceof Task) {
        if (!next.isPending) continue
        this.steps++
        next.end()
        next.run()
        return true
      } else {
        this.steps++
        next.run()
        if (next.destination === "process") return true
      }
    }
  }

  /** Takes what is due in the next phase. Returns false if nothing is ahead. */
  #beginPhase(): boolean {
    this.#place = 0
    switch (this.#phase) {
      case "timers":
        this.#turnBegan = Math.floor(this.now)
        this.#batch = this.#dueTimers()
        this.#phase = "arrivals"
        return true
      case "arrivals":
        this.#batch = this.#dueArrivals()
        this.#phase = "immediates"
        return true
      case "immediates":
        this.#batch = this.#immediates
        this.#immediates = []
        this.#phase = "end of the turn"
        return true
      case "end of the turn":
        this.#batch = nothing
        this.#phase = "timers"
        if (this.#immediates.length === 0) return this.#moveOn()
        this.now += turnTime
        return true
    }
  }

  #dueTimers(): ReadonlyArray<Task> {
    const due: Array<Task> = []
    for (let next = this.#timers.first; next !== undefined && next.at <= this.#turnBegan; next = this.#timers.first) {
      due.push(next)
      this.#timers.shift()
    }
    return due
  }

  #dueArrivals(): ReadonlyArray<Arrival> {
    const due: Array<Arrival> = []
    for (let next = this.#nextArrivals; (next.first?.at ?? Infinity) <= this.now; next = this.#nextArrivals) {
      due.push(next.shift() as Arrival)
    }
    return due
  }

  /** The arrivals of which the first is due before all others. */
  get #nextArrivals(): Heap<Arrival> {
    const { elsewhere, process } = this.#arrivals
    if (elsewhere.first === undefined) return process
    return process.first === undefined || isBefore(elsewhere.first, process.first) ? elsewhere : process
  }

  /** Moves to the time of what is due next, if anything is. */
  #moveOn(): boolean {
    while (this.#timers.first?.isPending === false) this.#timers.shift()
    const next = Math.min(this.#timers.first?.at ?? Infinity, this.#nextArrivals.first?.at ?? Infinity)
    if (next === Infinity) return false
    this.now = Math.max(this.now, next)
    return true
  }
}

const bound = (run: (...args: Array<unknown>) => void, args: Array<unknown>): (() => void) =>
  args.length === 0 ? run : () => run(...args)

const isBefore = (one: Due, other: Due): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)
