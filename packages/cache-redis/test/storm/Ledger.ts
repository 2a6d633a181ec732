/**
 * The account of a storm: the writes and counts, what is known of each, and so the values that may be read.
 *
 * Every key has one writer, who writes one version after the other. So a read that begins after a write was
 * acknowledged returns that version, a later one, or one whose outcome is unknown: never an older acknowledged one,
 * never one that was not executed, never another key's.
 */

/** The knowledge about a write once it has ended. */
export type Outcome = "Executed" | "NotExecuted" | "Unknown"

interface Account {
  issued: number
  /** The last version that was acknowledged in this epoch, or 0. */
  acknowledged: number
  /** The first version of this epoch. */
  first: number
  inFlight: number | undefined
  readonly unknown: Set<number>
  readonly notExecuted: Set<number>
  /** Versions that were read while their write was in flight. */
  readonly seenInFlight: Set<number>
}

interface Counter {
  issued: number
  acknowledged: number
  notExecuted: number
}

/** The state of knowledge when a read began. */
interface Before {
  readonly epoch: number
  readonly acknowledged: number
  readonly first: number
}

/** Writes that began in one life of the server. */
export interface Writing {
  readonly account: string
  readonly version: number
  readonly epoch: number
}

export class Ledger {
  /** The wrong values that were read. */
  readonly wrong: Array<string> = []
  /** Values and absences that were checked. */
  verified = 0
  /** The number of comparisons of a counter with its increments. */
  counted = 0
  /** Lives of the server: even while one lasts, odd while it is being killed. */
  #epoch = 0
  readonly #accounts = new Map<string, Account>()
  #counters = new Map<string, Counter>()

  get epoch(): number {
    return this.#epoch
  }

  /** The server is about to lose its data, or has just lost it. */
  nextEpoch(): void {
    this.#epoch++
    for (const account of this.#accounts.values()) {
      account.acknowledged = 0
      account.first = account.issued + 1
      if (account.inFlight !== undefined) account.unknown.add(account.inFlight)
    }
    this.#counters = new Map()
  }

  /** Begins a write of keys that always have the same version. */
  beginWrite(name: string): Writing {
    const account = this.#account(name)
    account.inFlight = ++account.issued
    return { account: name, version: account.issued, epoch: this.#epoch }
  }

  endWrite({ account: name, epoch, version }: Writing, outcome: Outcome): void {
    const account = this.#account(name)
    account.inFlight = undefined
    if (outcome === "Unknown") account.unknown.add(version)
    if (outcome === "Executed" && epoch === this.#epoch) account.acknowledged = version
    if (outcome === "NotExecuted") {
      account.notExecuted.add(version)
      if (account.seenInFlight.has(version)) this.#isWrong(name, `version ${version}, which was then not executed`)
    }
    account.seenInFlight.clear()
  }

  /** Begins a removal, after which no version has to be there. */
  beginRemoval(name: string): void {
    this.#account(name).acknowledged = 0
  }

  beginRead(name: string): Before {
    const { acknowledged, first } = this.#account(name)
    return { acknowledged, first, epoch: this.#epoch }
  }

  /** Checks the value of a read, and returns its version. */
  endRead(name: string, key: string, text: string | undefined, before: Before, mayBeAbsent = false): number {
    this.verified++
    const account = this.#account(name)
    if (text === undefined) {
      const isOneLife = before.epoch === this.#epoch && before.epoch % 2 === 0
      if (isOneLife && before.acknowledged > 0 && !mayBeAbsent) {
        this.#isWrong(key, `nothing after version ${before.acknowledged} was acknowledged`)
      }
      return 0
    }
    const [ownKey, versionText] = text.split("|")
    const version = Number(versionText)
    const isOfThisKey = ownKey === key && Number.isSafeInteger(version) && version >= 1 && version <= account.issued
    if (!isOfThisKey) this.#isWrong(key, `${JSON.stringify(text)} of ${account.issued} versions`)
    else if (account.notExecuted.has(version)) this.#isWrong(key, `version ${version}, which was not executed`)
    else if (version === account.inFlight) account.seenInFlight.add(version)
    else if (!account.unknown.has(version)) {
      if (version < before.acknowledged) this.#isWrong(key, `version ${version} after ${before.acknowledged}`)
      if (before.epoch % 2 === 0 && version < before.first) {
        this.#isWrong(key, `version ${version} of a server that was killed`)
      }
    }
    return version
  }

  /** Checks that what one write wrote was read together. */
  isOneVersion(name: string, versions: ReadonlyArray<number>): void {
    if (new Set(versions).size > 1) this.#isWrong(name, `versions ${versions} in one read`)
  }

  counter(key: string): Counter {
    const counter = this.#counters.get(key) ?? { issued: 0, acknowledged: 0, notExecuted: 0 }
    this.#counters.set(key, counter)
    return counter
  }

  /** Compares counters with what the server has. Not while the server is being killed. */
  async count(ask: (key: string) => Promise<number>): Promise<void> {
    for (const [key, counter] of this.#counters) {
      const { acknowledged, notExecuted } = counter
      const server = await ask(key)
      this.counted++
      if (acknowledged > server || server > counter.issued - notExecuted) {
        this.#isWrong(
          key,
          `${server} on the server, ${acknowledged} acknowledged, ${counter.issued} issued, ${notExecuted} not executed`
        )
      }
    }
  }

  /** Notes an answer of a counter that cannot be. */
  isWrongCount(key: string, sum: number, last: number): void {
    this.#isWrong(key, `counted to ${sum} after ${last}, of ${this.counter(key).issued} issued`)
  }

  #account(name: string): Account {
    let account = this.#accounts.get(name)
    if (account === undefined) {
      account = {
        issued: 0,
        acknowledged: 0,
        first: 1,
        inFlight: undefined,
        unknown: new Set(),
        notExecuted: new Set(),
        seenInFlight: new Set()
      }
      this.#accounts.set(name, account)
    }
    return account
  }

  #isWrong(key: string, what: string): void {
    this.wrong.push(`${key}: ${what}`)
  }
}
