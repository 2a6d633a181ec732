/**
 * Tells a silent connection from a slow one.
 *
 * @internal
 */
import { performance } from "../platform/Platform.ts"
import type { PendingCommand } from "./PendingCommand.ts"

/**
 * Counts replies, and watches commands. A connection without any reply since its oldest command was queued is silent,
 * whatever is still written to it; where others have their replies, a single command is only late.
 */
export class Watchdog {
  readonly #commandTimeout: number
  #replies = 0

  constructor(commandTimeout: number) {
    this.#commandTimeout = commandTimeout
  }

  replyArrived(): void {
    this.#replies++
  }

  watch(command: PendingCommand): void {
    command.repliesBefore = this.#replies
  }

  /**
   * Returns when a written command that has expired proves the connection silent, on `performance`'s clock: later than now
   * where a blocked event loop wrote it late, and undefined where replies have come.
   */
  silentAt({ repliesBefore, writtenAt }: PendingCommand): number | undefined {
    return repliesBefore === this.#replies ? writtenAt + this.#commandTimeout : undefined
  }

  /** True if that time is over; timers may fire a fraction of a millisecond early. */
  isOver(silentAt: number): boolean {
    return performance.now() + 1 >= silentAt
  }
}
