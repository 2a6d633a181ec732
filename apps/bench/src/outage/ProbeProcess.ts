import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Call } from "./figures.ts"
import type { Library } from "./Library.ts"
import type { Message, Order } from "./Message.ts"

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Stores the keys of a run by a process of its own. */
export const seed = async ({ adapter, name }: Library, url: string): Promise<void> => {
  const process = fork(script("seed.ts"), [adapter.href, url], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv })
  const words = lastWords(process)
  const deadline = setTimeout(() => process.kill("SIGKILL"), 20_000)
  const [status] = await once(process, "exit")
  clearTimeout(deadline)
  if (status !== 0) throw new Error(`${name} could not store the keys of the run: ${words()}`)
}

/** A running `probe.ts`, and what it has told so far. */
export class ProbeProcess {
  readonly #process: ChildProcess
  readonly #calls: Array<Call> = []
  readonly #lastWords: () => string
  readonly #kill = () => this.#process.kill("SIGKILL")
  #running = false
  #closed = false
  #endedAt: number | undefined

  constructor({ adapter }: Library, url: string) {
    this.#process = fork(script("probe.ts"), [adapter.href, url], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv
    })
    this.#lastWords = lastWords(this.#process)
    this.#process.on("message", (message: Message) => this.#heard(message))
    this.#process.once("exit", () => {
      this.#endedAt = Date.now()
      process.off("exit", this.#kill)
    })
    process.on("exit", this.#kill)
  }

  get calls(): ReadonlyArray<Call> {
    return this.#calls
  }

  /** When the process ended, and the error it ended with. */
  get ended(): { readonly at: number; readonly words: string } | undefined {
    return this.#endedAt === undefined ? undefined : { at: this.#endedAt, words: this.#lastWords() }
  }

  /** Resolves when the probing has begun. */
  running(): Promise<boolean> {
    return this.#until(() => this.#running, 10_000)
  }

  /** Writes the hot key, and resolves when every kind of call has been answered. */
  warm(): Promise<boolean> {
    this.tell("warm")
    const answered = (probe: string) => this.#calls.some((call) => call.probe === probe && call.outcome === "right")
    return this.#until(() => answered("cold") && answered("hot") && answered("set"), 10_000)
  }

  tell(order: Order): void {
    if (this.#process.connected) this.#process.send(order)
  }

  /** Waits, but not for a process that has ended. */
  async wait(millis: number): Promise<void> {
    await this.#until(() => false, millis)
  }

  /** Closes the cache; resolves with how long the process took to end by itself, or with nothing when it did not. */
  async close(millis: number): Promise<number | undefined> {
    const start = Date.now()
    this.tell("close")
    await this.#until(() => this.#closed, millis)
    await this.#until(() => false, millis - (Date.now() - start))
    const took = this.#endedAt === undefined ? undefined : this.#endedAt - start
    this.#kill()
    return took
  }

  #heard(message: Message): void {
    if (message.tag === "running") this.#running = true
    else if (message.tag === "closed") this.#closed = true
    else if (message.tag === "issued") this.#calls[message.id] = message
    else this.#settled(message)
  }

  #settled({ at, id, outcome }: Extract<Message, { tag: "settled" }>): void {
    const call = this.#calls[id]
    if (call !== undefined) this.#calls[id] = { ...call, settledAt: at, outcome }
  }

  /** True if `condition` came true in time. Returns early when the process has ended. */
  async #until(condition: () => boolean, millis: number): Promise<boolean> {
    for (const deadline = Date.now() + millis; Date.now() < deadline; await sleep(10)) {
      if (condition()) return true
      if (this.#endedAt !== undefined) return false
    }
    return condition()
  }
}

const execArgv = ["--disable-warning=ExperimentalWarning"]

/** The first error, by its code if it has one, that a process wrote among its last lines. */
const lastWords = (process: ChildProcess): (() => string) => {
  let text = ""
  process.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-4_000)
  })
  return () => (text.match(/\bE[A-Z]{5,}\b/) ?? text.match(/\b\w*Error\b.*/))?.[0].slice(0, 80) ?? "without a word"
}
