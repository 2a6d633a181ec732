/**
 * The account of a simulation: what each caller was promised, against what the servers carried out and when.
 *
 * Every write is known by its number, which its value ends with, or which is the amount that it adds. So a server says of
 * each which one it is, and a read is right only if a server that takes writes held its value at some instant while it was
 * under way: with one total order of what a server does, that is linearizability.
 */
import type { Keyspace } from "./Keyspace.ts"
import type { Server, WriteListener } from "./Server.ts"

/** How a write has ended for its caller. */
export type Outcome = "Executed" | "NotExecuted" | "Unknown"

/**
 * The promises that are checked.
 *
 * - `value`: a read returns what its key held at some instant while the read was under way.
 * - `write`: a write is carried out at most once, and never after its caller gave up.
 * - `deadline`: every operation ends by its deadline.
 * - `failure`: nothing fails while the servers are well.
 * - `outage`: nothing waits in an outage.
 * - `recovery`: something succeeds soon after the end of every fault.
 * - `attempts`: pauses between attempts to connect grow.
 * - `master`: a master that was replaced is left.
 * - `growth`: connections, timers, and work do not pile up.
 * - `close`: the close is short and leaves nothing behind.
 * - `defect`: nothing dies.
 * - `end`: the simulation comes to its end.
 */
export type Checker =
  | "value"
  | "write"
  | "deadline"
  | "failure"
  | "outage"
  | "recovery"
  | "attempts"
  | "master"
  | "growth"
  | "close"
  | "defect"
  | "end"

/** The promise that is broken, of a text that says what is wrong. */
export const checkerOf = (wrong: string | undefined): string | undefined => wrong?.split(" ")[1]

/** A write, from its beginning on. */
interface Write {
  readonly number: number
  readonly began: number
  /** How often each of its keys was written, and when last, by key. */
  readonly executed: Map<string, { readonly times: number; readonly at: number }>
  outcome: Outcome | undefined
  ended: number
}

/** How long a write is remembered after its end, in milliseconds. */
const remembered = 30_000

export class Account implements WriteListener {
  /** The broken promises, in the order in which they are noticed. */
  readonly wrong: Array<string> = []
  /** Values and absences that were checked. */
  verified = 0
  /** How often the servers were sent each command. */
  readonly commands = new Map<string, number>()
  /** How often the servers refused a command, by the first word of the refusal. */
  readonly refusals = new Map<string, number>()
  readonly #now: () => number
  readonly #writes = new Map<number, Write>()
  #next = 1

  constructor(now: () => number) {
    this.#now = now
  }

  /** Begins a write, and returns its number. */
  beginWrite(): number {
    const number = this.#next++
    this.#writes.set(number, {
      number,
      began: this.#now(),
      executed: new Map(),
      outcome: undefined,
      ended: Number.POSITIVE_INFINITY
    })
    if (number % 500 === 0) this.#forget()
    return number
  }

  endWrite(number: number, keys: ReadonlyArray<string>, outcome: Outcome): void {
    const write = this.#writes.get(number) as Write
    write.outcome = outcome
    write.ended = this.#now()
    for (const key of keys) {
      const executed = write.executed.get(key)?.times ?? 0
      if (outcome === "Executed" && executed === 0)
        this.isWrong("write", `write ${number} of ${key} acknowledged, not done`)
      if (outcome === "NotExecuted" && executed > 0)
        this.isWrong("write", `write ${number} of ${key} given up, and done before`)
    }
  }

  /** When a key was written by a write. */
  executedAt(number: number, key: string): number | undefined {
    return this.#writes.get(number)?.executed.get(key)?.at
  }

  wrote(server: Server, key: string, value: string): void {
    this.#executed(server, key, Number(value.split("|")[1]))
  }

  received(name: string): void {
    this.commands.set(name, (this.commands.get(name) ?? 0) + 1)
  }

  refused(word: string): void {
    this.refusals.set(word, (this.refusals.get(word) ?? 0) + 1)
  }

  added(server: Server, key: string, amount: number): void {
    this.#executed(server, key, amount)
  }

  #executed(server: Server, key: string, number: number): void {
    const write = this.#writes.get(number)
    if (write === undefined) {
      this.isWrong("write", `write ${number} of ${key} done, which nobody began or which ended long ago`)
      return
    }
    const times = (write.executed.get(key)?.times ?? 0) + 1
    write.executed.set(key, { times, at: this.#now() })
    if (times > 1) this.isWrong("write", `write ${number} of ${key} done ${times} times`)
    if (write.ended < server.readingSince) {
      this.isWrong("write", `write ${number} of ${key} sent at ${server.readingSince}, after it was given up`)
    }
    if (write.outcome === "NotExecuted") this.isWrong("write", `write ${number} of ${key} done after it was given up`)
  }

  /**
   * Checks what a read has answered: at some instant since `from` one of the keyspaces held all of it.
   */
  read(
    keyspaces: ReadonlyArray<Keyspace>,
    answers: ReadonlyMap<string, string | undefined>,
    from: number,
    what: string
  ): void {
    this.verified += answers.size
    for (const [key, value] of answers) {
      if (value !== undefined && value.split("|")[0] !== key && !/^-?[0-9]+$/.test(value)) {
        this.isWrong("value", `${what}: ${key} is ${value}, another key's value`)
        return
      }
    }
    if (keyspaces.some((keyspace) => wereTogether(keyspace, answers, from, this.#now()))) return
    const held = [...answers].map(([key, value]) => {
      const histories = keyspaces.map((keyspace) =>
        keyspace
          .since(key, from)
          .map((each) => `${each.value} since ${each.from.toFixed(2)}`)
          .join(", ")
      )
      return `${key} is ${value}, where a server held ${histories.join(" / ")}`
    })
    this.isWrong("value", `${what} since ${from.toFixed(2)}: ${held.join("; ")}`)
  }

  /** Checks that a key was present, or absent, at some instant since `from`. */
  presence(keyspaces: ReadonlyArray<Keyspace>, key: string, isPresent: boolean, from: number, what: string): void {
    this.verified++
    const isPossible = keyspaces.some((keyspace) =>
      keyspace.since(key, from).some(({ value }, index, history) => {
        const end = history[index + 1]?.from ?? Number.POSITIVE_INFINITY
        return (value !== undefined) === isPresent && end >= from
      })
    )
    if (!isPossible)
      this.isWrong("value", `${what} since ${from.toFixed(2)}: ${key} was never ${isPresent ? "there" : "absent"}`)
  }

  isWrong(checker: Checker, what: string): void {
    this.wrong.push(`${this.#now().toFixed(2)} ${checker}: ${what}`)
  }

  #forget(): void {
    for (const [number, { ended }] of this.#writes) {
      if (ended + remembered > this.#now()) continue
      this.#writes.delete(number)
    }
  }
}

/** True if there was an instant between two others at which a keyspace held all of this. */
const wereTogether = (
  keyspace: Keyspace,
  answers: ReadonlyMap<string, string | undefined>,
  from: number,
  to: number
): boolean => {
  let spans: ReadonlyArray<readonly [from: number, to: number]> = [[from, to]]
  for (const [key, value] of answers) {
    const history = keyspace.since(key, from)
    const own = history.flatMap((held, index) =>
      held.value === value ? [[held.from, history[index + 1]?.from ?? Number.POSITIVE_INFINITY] as const] : []
    )
    spans = spans.flatMap(([begin, end]) =>
      own.flatMap(([ownBegin, ownEnd]) => {
        const both = [Math.max(begin, ownBegin), Math.min(end, ownEnd)] as const
        return both[0] <= both[1] ? [both] : []
      })
    )
  }
  return spans.length > 0
}
