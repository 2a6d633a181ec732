/** The observations of all operations of a storm together. */
import { setTimeout as sleep } from "node:timers/promises"
import { CacheError } from "@hexcache/cache-port"
import { Cause, Effect, Exit } from "effect"

export class Observed {
  fault = "none"
  mostConnections = 0
  inFlight = 0
  #operations = 0
  #succeeded = 0
  #failures: Record<string, number> = {}
  #slowest = 0
  #slowestOperation = ""
  #mostInFlight = 0
  /** Told of the first success of what began after an instant. */
  #awaited: { readonly since: number; readonly tell: () => void } | undefined

  /** Milliseconds to the first success of what begins from now on, or undefined when there is none in time. */
  async firstSuccess(millis: number): Promise<number | undefined> {
    const since = performance.now()
    const seen = new Promise<number>((tell) => {
      this.#awaited = { since, tell: () => tell(performance.now() - since) }
    })
    return Promise.race([seen, sleep(millis, undefined, { ref: false })])
  }

  /** Observes an operation, from its beginning to its end. */
  observe<A>(name: string, asked: Effect.Effect<A, CacheError>): Effect.Effect<Exit.Exit<A, CacheError>> {
    return Effect.suspend(() => {
      const start = performance.now()
      const fault = this.fault
      this.#operations++
      this.#mostInFlight = Math.max(this.#mostInFlight, ++this.inFlight)
      return Effect.map(Effect.exit(asked), (exit) => {
        const millis = performance.now() - start
        this.inFlight--
        if (millis > this.#slowest) {
          this.#slowest = millis
          this.#slowestOperation = `${name}, begun under: ${fault}, ended under: ${this.fault}`
        }
        if (Exit.isSuccess(exit)) {
          this.#succeeded++
          if (this.#awaited !== undefined && start >= this.#awaited.since) {
            this.#awaited.tell()
            this.#awaited = undefined
          }
        } else {
          const reason = reasonOf(exit)
          this.#failures[reason] = (this.#failures[reason] ?? 0) + 1
        }
        return exit
      })
    })
  }

  figures() {
    return {
      operations: this.#operations,
      succeeded: this.#succeeded,
      failures: this.#failures,
      slowest: Math.round(this.#slowest),
      slowestOperation: this.#slowestOperation,
      mostInFlight: this.#mostInFlight,
      mostConnections: this.mostConnections
    }
  }
}

const reasonOf = (exit: Exit.Failure<unknown, CacheError>): string => {
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError
    ? error.reason._tag
    : Cause.hasInterruptsOnly(exit.cause)
      ? "interrupted"
      : "defect"
}
