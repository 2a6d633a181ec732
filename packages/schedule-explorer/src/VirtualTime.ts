/** Time that passes only by command, and a scheduler whose tasks run only when they are drained. */
import { type Clock, Duration, Effect, type Scheduler } from "effect"

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly owner: number
  readonly wake: () => void
}

export class VirtualTime {
  /** Milliseconds of the epoch. */
  now = 1_000_000
  #sleepers: Array<Sleeper> = []
  #order = 0
  #tasks: Array<() => void> = []

  readonly scheduler: Scheduler.Scheduler = {
    executionMode: "sync",
    shouldYield: () => false,
    makeDispatcher: () => ({
      scheduleTask: (task) => {
        this.#tasks.push(task)
      },
      flush: () => this.drain()
    })
  }

  /** Runs what is ready, until everything waits. */
  drain(): void {
    while (this.#tasks.length > 0) {
      const tasks = this.#tasks
      this.#tasks = []
      for (const task of tasks) task()
    }
  }

  /** The clock of one process. All of them agree. */
  clockOf(owner: number): Clock.Clock {
    const millis = () => this.now
    const nanos = () => BigInt(this.now) * 1_000_000n
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) => this.#sleep(Duration.toMillis(duration), owner)
    }
  }

  #sleep(millis: number, owner: number): Effect.Effect<void> {
    if (millis <= 0) return Effect.void
    return Effect.callback((resume) => {
      const sleeper = { at: this.now + millis, order: this.#order++, owner, wake: () => resume(Effect.void) }
      this.#sleepers.push(sleeper)
      return Effect.sync(() => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
      })
    })
  }

  /** When the next sleeper wakes. */
  get next(): number | undefined {
    return this.#sleepers.length === 0 ? undefined : Math.min(...this.#sleepers.map(({ at }) => at))
  }

  /** Lets time pass until `end`, waking whoever sleeps no longer, in order. */
  advanceTo(end: number): void {
    for (;;) {
      const [due] = this.#sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.order - b.order)
      if (due === undefined) break
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== due)
      this.now = Math.max(this.now, due.at)
      due.wake()
      this.drain()
    }
    this.now = Math.max(this.now, end)
  }

  /** Forgets the sleepers of a process that has ended. */
  forget(owner: number): void {
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.owner !== owner)
  }
}
