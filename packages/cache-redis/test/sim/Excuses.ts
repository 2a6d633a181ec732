/** The failures that the faults of a round excuse. */
import type { Operation } from "./Callers.ts"
import { deadly, instant, losing, readable, unnoticed } from "./faults.ts"
import type { Network } from "./Network.ts"

/** How long a server has to be gone until no operation waits for it, in milliseconds: a time at rest, and a deadline. */
const outageAfter = 1_200

/** The same where each attempt is refused at once: the longest first pause, and a few turns. */
const knownAfter = 40

/** For how long at least a batch is tried again whose keys are on their way to another server, in milliseconds. */
const triedAgainFor = 60

export class Excuses {
  readonly #network: Network
  /** Operations that began since then meet no fault, or none that they should notice. */
  #wellSince = 0
  #readableSince = 0
  /** Operations that began since then find no server, and wait for none. */
  #goneSince = Number.POSITIVE_INFINITY
  #isLosing = false

  constructor(network: Network) {
    this.#network = network
  }

  /** True if no fault is on that an operation should notice. */
  get isWell(): boolean {
    return this.#now >= this.#wellSince
  }

  /** True if no server is there, and every process knows of it. */
  get isGone(): boolean {
    return this.#now >= this.#goneSince
  }

  /** Begins the faults of a round. Until the first one there may be no connection yet. */
  faultsBegin(names: ReadonlyArray<string>, isFirstRound: boolean): void {
    const soon = this.#network.latency <= 2
    const [name = ""] = names
    const isAlone = names.length === 1
    this.#isLosing = names.some((each) => losing.has(each))
    // The first connection takes longer than a deadline where the network is slow.
    const isConnecting = isFirstRound && (!soon || name === "blocked loop")
    const isUnnoticed = isAlone && !isConnecting && (unnoticed.has(name) || (soon && losing.has(name)))
    if (!isUnnoticed) this.#wellSince = Number.POSITIVE_INFINITY
    if (!isUnnoticed && !(isAlone && soon && readable.has(name))) this.#readableSince = Number.POSITIVE_INFINITY
    if (isAlone && deadly.has(name)) {
      this.#goneSince = this.#now + (instant.has(name) ? knownAfter + 8 * this.#network.latency : outageAfter)
    }
  }

  faultsEnd(): void {
    this.#goneSince = Number.POSITIVE_INFINITY
  }

  /** Excuses nothing that begins from now on: every process knows of what the faults have changed. */
  settled(): void {
    this.#wellSince = Math.min(this.#wellSince, this.#now)
    this.#readableSince = Math.min(this.#readableSince, this.#now)
  }

  /** Excuses everything from now on. */
  everything(): void {
    this.#wellSince = Number.POSITIVE_INFINITY
    this.#readableSince = Number.POSITIVE_INFINITY
  }

  /** The excuse of a failure, undefined where the server was well all the time. */
  of({ began, isRead, name }: Operation, failure: string, isMoving: boolean): string | undefined {
    if (name.includes("group") && this.#now - began > triedAgainFor && isMoving) return "TRYAGAIN"
    // A server that cannot save refuses a PING.
    if (began < (isRead && name !== "ping" ? this.#readableSince : this.#wellSince)) return "a fault"
    return isRead || !this.#isLosing || failure !== "ConnectionLost Unknown" ? undefined : "in flight at a cut"
  }

  get #now(): number {
    return this.#network.loop.now
  }
}
