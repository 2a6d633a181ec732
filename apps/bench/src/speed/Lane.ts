import { type ChildProcess, fork } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Operations, Place } from "./Contestant.ts"
import type { Entrant } from "./entrants.ts"
import type { Measured } from "./measure.ts"
import type { Variant } from "./Work.ts"

/** The arguments of a process of `laneProcess.ts`. */
export interface CaseOrder {
  readonly entrant: Entrant
  readonly work: string
  readonly variant: Variant
  readonly place: Place
}

export type Order =
  | { readonly tag: "prepare" }
  | { readonly tag: "run"; readonly millis: number }
  | { readonly tag: "close" }

export type Answer =
  | { readonly tag: "ready" }
  | { readonly tag: "lacks"; readonly operation: keyof Operations }
  | { readonly tag: "ran"; readonly measured: Measured }
  | { readonly tag: "prepared" }
  | { readonly tag: "closed" }

/** How long a process may be silent, in milliseconds. */
const patience = 180_000

const living = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL")
})

/** A process that runs one case of one contestant. It is stopped while another one runs. */
export class Lane {
  /** Resolves when the contestant is open and its work prepared, or with the operation that it lacks. */
  static async start(order: CaseOrder): Promise<Lane | { readonly lacks: keyof Operations }> {
    const lane = new Lane(order)
    const answer = await lane.#answer()
    if (answer.tag === "lacks") return { lacks: answer.operation }
    lane.#process.kill("SIGSTOP")
    return lane
  }

  readonly entrant: Entrant
  readonly #process: ChildProcess
  /** The first that it wrote as errors. */
  #words = ""

  private constructor(order: CaseOrder) {
    this.entrant = order.entrant
    this.#process = fork(fileURLToPath(new URL("laneProcess.ts", import.meta.url)), [JSON.stringify(order)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning", "--expose-gc"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "hexcache-bench-compiled") }
    })
    this.#process.stderr?.setEncoding("utf8").on("data", (words: string) => {
      this.#words = (this.#words + words).slice(0, 2_000)
    })
    living.add(this.#process)
    this.#process.once("exit", () => living.delete(this.#process))
  }

  /** Comes before every run. */
  async prepare(): Promise<void> {
    await this.#ask({ tag: "prepare" })
  }

  /** Runs for so long, or as many turns as the task says. */
  async run(millis: number): Promise<Measured> {
    const answer = await this.#ask({ tag: "run", millis })
    this.#process.kill("SIGSTOP")
    if (answer.tag !== "ran") throw new Error(`${this.entrant.name} does not run`)
    return answer.measured
  }

  /** Closes the contestant, and ends the process. */
  async close(): Promise<void> {
    await this.#ask({ tag: "close" })
    this.kill()
  }

  kill(): void {
    this.#process.kill("SIGKILL")
  }

  #ask(order: Order): Promise<Answer> {
    this.#process.kill("SIGCONT")
    const answer = this.#answer()
    this.#process.send(order)
    return answer
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => () => {
        stopListening()
        this.kill()
        reject(new Error(`${this.entrant.name} ${why}\n${this.#words}`))
      }
      const answered = (answer: Answer) => {
        stopListening()
        resolve(answer)
      }
      const ended = fail("ended before it answered")
      const deadline = setTimeout(fail("does not answer"), patience)
      const stopListening = () => {
        clearTimeout(deadline)
        this.#process.off("message", answered).off("close", ended)
      }
      this.#process.once("message", answered).once("close", ended)
    })
  }
}
