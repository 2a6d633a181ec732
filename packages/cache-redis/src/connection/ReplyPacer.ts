/**
 * The moment in which callers get their results. They send again at once, so the order decides whether client and server
 * work at the same time, or wait for each other in turn.
 *
 * @internal
 */
import { setImmediate } from "../platform/Platform.ts"
import type { PendingCommand } from "./PendingCommand.ts"

/** The parts of a connection that its pacer uses. */
export interface ReplyPacerOptions {
  /** Returns true if the server has nothing to do. */
  readonly isQuiet: () => boolean
  /** Called when results have reached their callers after a wait. */
  readonly onDelivered: () => void
}

/**
 * The most work that is delivered at once, in keys. It keeps both sides busy for longer than another write takes, and the
 * process has other things to do. The callers of a smaller batch gain more when their next commands go out together.
 */
const heavyBatch = 600

/** Delivers results to callers, some of them a turn of the event loop later. */
export class ReplyPacer {
  readonly #options: ReplyPacerOptions
  /** True while the next commands of a heavy batch's callers are not written. */
  #isHeavyUnwritten = false
  #held = 0

  constructor(options: ReplyPacerOptions) {
    this.#options = options
  }

  /** The number of commands with a result that waits here. */
  get held(): number {
    return this.#held
  }

  /** Delivers results, behind those that wait, and behind the next commands of a heavy batch. */
  deliver(commands: ReadonlyArray<PendingCommand>): void {
    if (this.#isHeavyUnwritten) {
      this.#onceWritten(commands, (held) => this.deliver(held))
      return
    }
    const work = workOf(commands)
    // So that a quiet server works, half of them wait until it has the next commands of the others.
    this.#deliverFirst(commands, work, this.#options.isQuiet() ? firstPartOf(work) : work)
  }

  /** Delivers the first results, up to `part` of the work and no heavier batch, and then the others. */
  #deliverFirst(commands: ReadonlyArray<PendingCommand>, work: number, part: number): void {
    const most = Math.min(part, heavyBatch)
    const first = most < work ? firstOf(commands, most) : commands.length
    deliverEach(commands, 0, first)
    if (work >= heavyBatch) {
      this.#isHeavyUnwritten = true
      this.#onceWritten([], () => {
        this.#isHeavyUnwritten = false
      })
    }
    if (first < commands.length) {
      this.#onceWritten(commands.slice(first), (others) => {
        const rest = workOf(others)
        this.#deliverFirst(others, rest, rest)
      })
    }
  }

  /** Runs once every command of this turn is written: its write is planned by then, that of a batch too. */
  #onceWritten(held: ReadonlyArray<PendingCommand>, run: (held: ReadonlyArray<PendingCommand>) => void): void {
    this.#held += held.length
    process.nextTick(setImmediate, () => {
      this.#held -= held.length
      run(held)
      if (held.length > 0) this.#options.onDelivered()
    })
  }
}

/** Work that is worth two parts: less takes no longer than the second part costs. */
const worthHalving = 32

/** The first part of so much work, in two parts where a server with nothing to do can then work on one of them. */
export const firstPartOf = (work: number): number => (work < worthHalving ? work : Math.ceil(work / 2))

const deliverEach = (commands: ReadonlyArray<PendingCommand>, from: number, to: number): void => {
  for (let index = from; index < to; index++) {
    const command = commands[index] as PendingCommand
    command.complete(command.result)
  }
}

const workOf = (commands: ReadonlyArray<PendingCommand>): number => {
  let work = 0
  for (const command of commands) work += command.weight
  return work
}

/** The number of commands, from the first on, that make up so much work. */
const firstOf = (commands: ReadonlyArray<PendingCommand>, work: number): number => {
  let count = 0
  for (let done = 0; done < work; count++) done += (commands[count] as PendingCommand).weight
  return count
}
