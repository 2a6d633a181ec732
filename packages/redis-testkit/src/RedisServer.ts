import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { askRedis, RedisReplyError } from "./askRedis.ts"
import { findServerBinary } from "./findServerBinary.ts"
import { freePort } from "./freePort.ts"

/** Options of `RedisServer.start`. */
export interface RedisServerOptions {
  /** Further arguments, such as `["--maxmemory", "4mb"]`. None unless given. */
  readonly args?: ReadonlyArray<string>
  /** Text of a configuration file that the server may rewrite, as a sentinel needs. No file unless given. */
  readonly config?: string
  /** Loopback port. A free one unless given. */
  readonly port?: number
}

const startDeadlineMs = 10_000

/** A redis-server process that a test owns: it can be frozen, killed and restarted without harm to other tests. */
export class RedisServer {
  /** Starts a server without persistence on loopback and resolves when it is up. */
  static async start({ args = [], config, port }: RedisServerOptions = {}): Promise<RedisServer> {
    const binary = await findServerBinary()
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(binary, port ?? (await freePort()), args, config)
      try {
        await server.#spawn()
        return server
      } catch (error) {
        const isTaken = server.#log.includes("Address already in use")
        await server.stop()
        // Another process may take a port between its choice and the server's start.
        if (port !== undefined || !isTaken || attempt === 10) throw error
      }
    }
  }

  /** Port that the server listens on; the same after a restart. */
  readonly port: number
  /** URL without credentials. */
  readonly url: string
  readonly #binary: string
  readonly #args: ReadonlyArray<string>
  readonly #folder: string
  readonly #logFile: string
  #process: ChildProcess | undefined

  private constructor(binary: string, port: number, args: ReadonlyArray<string>, config: string | undefined) {
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.#binary = binary
    this.#folder = mkdtempSync(join(tmpdir(), "redis-testkit-"))
    this.#logFile = join(this.#folder, "redis.log")
    const configFile = join(this.#folder, "redis.conf")
    if (config !== undefined) writeFileSync(configFile, config)
    this.#args = [
      ...(config === undefined ? [] : [configFile]),
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", this.#folder, "--save", "", "--appendonly", "no"],
      ...args
    ]
    endWithThisProcess(this.#endNow)
  }

  /** Process id; another one after a restart. */
  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error("The Redis server was not started")
    return pid
  }

  /** Freezes the process: connections stay open and are accepted, nothing is answered. */
  freeze(): void {
    this.#process?.kill("SIGSTOP")
  }

  /** Lets a frozen process go on, beginning with what was sent to it meanwhile. */
  thaw(): void {
    this.#process?.kill("SIGCONT")
  }

  /** Kills the process, frozen or not, and resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || hasExited(child)) return
    const gone = once(child, "exit")
    child.kill("SIGKILL")
    await gone
  }

  /** Kills the process if it runs, starts an empty one on the same port and resolves when that is up. */
  async restart(): Promise<void> {
    await this.kill()
    await this.#spawn()
  }

  /** Ends the server in whatever state it is and removes its files. May be called twice. */
  async stop(): Promise<void> {
    await this.kill()
    this.#endNow()
  }

  readonly #endNow = (): void => {
    this.#process?.kill("SIGKILL")
    rmSync(this.#folder, { recursive: true, force: true })
    endings.delete(this.#endNow)
  }

  /** The output of the running process. */
  get #log(): string {
    return readFileSync(this.#logFile, "utf8")
  }

  async #spawn(): Promise<void> {
    const log = openSync(this.#logFile, "w")
    const child = spawn(this.#binary, this.#args, { stdio: ["ignore", log, log] })
    closeSync(log)
    this.#process = child
    await once(child, "spawn")
    // An answer alone may come from another server, which had the port before.
    const isUp = async () => listening.test(this.#log) && (await answers(this.url))
    for (const deadline = Date.now() + startDeadlineMs; !(await isUp()); await sleep(20)) {
      if (hasExited(child) || Date.now() > deadline) {
        throw new Error(`The Redis server on port ${this.port} did not start:\n${this.#log}`)
      }
    }
  }
}

/** The line that a server, or a sentinel, logs when it listens. */
const listening = /Ready to accept connections|Sentinel ID is/

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** A refusal, such as `NOAUTH`, is an answer too; `LOADING` is not. */
const answers = async (url: string): Promise<boolean> => {
  try {
    await askRedis(url, ["PING"], 500)
    return true
  } catch (error) {
    return error instanceof RedisReplyError && !error.message.startsWith("LOADING")
  }
}

const endings = new Set<() => void>()
let isWatchingExit = false

/** Ends a server at the latest with this process, also when vitest ends its worker by a signal. */
const endWithThisProcess = (end: () => void): void => {
  endings.add(end)
  if (isWatchingExit) return
  isWatchingExit = true
  process.on("exit", endAll)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, endAllAndPassOn)
}

const endAll = (): void => {
  for (const end of endings) end()
}

/** Our listener switched off the signal's own effect, so without another listener it is sent again. */
const endAllAndPassOn = (signal: NodeJS.Signals): void => {
  endAll()
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}
