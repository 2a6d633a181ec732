/** The work of a round: callbacks that ran and commands that the servers were sent, against what callers began. */
import type { Account } from "./Account.ts"
import type { Network } from "./Network.ts"

/** Commands that nobody asked for: how many at once, and how many a second, both processes and all servers together. */
const unasked: ReadonlyMap<string, { readonly atOnce: number; readonly aSecond: number }> = new Map([
  ["CLUSTER", { atOnce: 200, aSecond: 40 }],
  ["SENTINEL", { atOnce: 200, aSecond: 40 }]
])

/**
 * Commands of an operation, its fences included, at most: of a batch on a cluster one for each key, and again where it is
 * redirected. Then those of a handshake and its greeting, and of connections that began before.
 */
const perOperation = 14
const perAttempt = 20
const begunBefore = 400
const aSecond = 20

/** Callbacks for each command and attempt to connect, and in a second in which nothing else happens, at most. */
const stepsPerCommand = 12
const stepsASecond = 400

export class Work {
  readonly #account: Account
  readonly #network: Network
  readonly #operations: () => number
  #stepsBefore = 0
  #before = new Map<string, number>()
  #operationsBefore = 0
  #attemptsBefore = 0

  constructor(account: Account, network: Network, operations: () => number) {
    this.#account = account
    this.#network = network
    this.#operations = operations
  }

  begin(): void {
    this.#before = new Map(this.#account.commands)
    this.#operationsBefore = this.#operations()
    this.#attemptsBefore = this.#network.attempts
    this.#stepsBefore = this.#network.loop.steps
  }

  /** Checks the work since the beginning of the round, so many milliseconds ago. */
  check(millis: number, title: string): void {
    const attempts = this.#network.attempts - this.#attemptsBefore
    let asked = 0
    let all = 0
    for (const [name, count] of this.#account.commands) {
      const sent = count - (this.#before.get(name) ?? 0)
      all += sent
      const bound = unasked.get(name)
      if (bound === undefined) asked += sent
      else if (sent > bound.atOnce + (bound.aSecond * millis) / 1_000)
        this.#account.isWrong("growth", `${sent} times ${name} in ${millis.toFixed(0)} ms of ${title}`)
    }
    const steps = this.#network.loop.steps - this.#stepsBefore
    const operations = this.#operations() - this.#operationsBefore
    const most = perOperation * operations + perAttempt * attempts + begunBefore + aSecond * (1 + millis / 1_000)
    const mostSteps = stepsPerCommand * (all + operations + 8 * attempts) + stepsASecond * (1 + millis / 1_000)
    // Replies in slices come in as many callbacks.
    if (steps > mostSteps && !title.includes("slicing"))
      this.#account.isWrong("growth", `${steps} callbacks, more than ${mostSteps.toFixed(0)}, under ${title}`)
    if (asked > most) this.#account.isWrong("growth", `${asked} commands for ${operations} operations under ${title}`)
  }
}
