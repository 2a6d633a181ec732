/**
 * Reads that are answered from memory, while what the server has is known to be the same.
 *
 * A hit sends nothing. A read that was sent is kept together with what is left of the key's life, which is asked for
 * behind it, for all keys of a turn at once: what the server expires, it tells of late.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import type { Command, Commander } from "./Connection.ts"
import * as Reply from "./Reply.ts"
import type { Deadline } from "./Router.ts"
import * as Scripts from "./Scripts.ts"
import type { Tracking } from "./Tracking.ts"

/** A value on its way into memory. */
interface Read {
  readonly value: string
  readonly moment: number
}

/** Keys whose times to live are asked for at once. */
const keysAtOnce = 100

/** A server in front of which reads are kept. */
export class NearCache implements Commander, Deadline {
  readonly #server: Commander & Deadline
  readonly #tracking: Tracking
  #isProving = false
  /** What was read in this turn. */
  #reads = new Map<string, Read>()

  constructor(server: Commander & Deadline, tracking: Tracking) {
    this.#server = server
    this.#tracking = tracking
  }

  deadline(): number {
    return this.#server.deadline()
  }

  send<A>(command: Command<A>, deadline?: number): Effect.Effect<A, DriverFailure> {
    // These two names stand for answers of these types.
    if (command.isGet === true) return this.#get(command as Command<unknown> as Get, deadline) as Effect.Effect<A>
    if (command.args[0] === "MGET")
      return this.#getMany(command as Command<unknown> as GetMany, deadline) as Effect.Effect<A>
    return this.#server.send(command, deadline)
  }

  #get(get: Get, deadline: number | undefined): Asked<string | undefined> {
    const key = get.args[1] as string
    return Effect.suspend(() => {
      const found = this.#find(key)
      if (found !== undefined) return found
      const { moment } = this.#tracking
      return Effect.map(this.#server.send(get, deadline), (value) => {
        this.#keep(key, value, moment)
        return value
      })
    })
  }

  /** From memory only as a whole: in part it would mix the values of two instants. */
  #getMany(getMany: GetMany, deadline: number | undefined): Asked<ReadonlyArray<string | undefined>> {
    const keys = getMany.args.slice(1) as ReadonlyArray<string>
    return Effect.suspend(() => {
      const found = this.#findAll(keys)
      if (found !== undefined) return Exit.succeed(found)
      const { moment } = this.#tracking
      return Effect.map(this.#server.send(getMany, deadline), (values) => {
        for (const [place, key] of keys.entries()) this.#keep(key, values[place], moment)
        return values
      })
    })
  }

  #find(key: string): Exit.Exit<string | undefined> | undefined {
    const now = performance.now()
    const found = this.#tracking.find(key, now)
    if (found !== undefined && this.#tracking.needsProof(now)) this.#prove()
    return found
  }

  #findAll(keys: ReadonlyArray<string>): ReadonlyArray<string | undefined> | undefined {
    const values: Array<string | undefined> = []
    for (const key of keys) {
      const found = this.#find(key)
      if (found === undefined || Exit.isFailure(found)) return undefined
      values.push(found.value)
    }
    return values
  }

  /** Asks the server for a sign of life, which the connection tells to what it tracks. */
  #prove(): void {
    if (this.#isProving) return
    this.#isProving = true
    Effect.runCallback(this.#server.send(ping), {
      onExit: () => {
        this.#isProving = false
      }
    })
  }

  /** Keeps what was read: an absence at once, a value as soon as it is known for how long. */
  #keep(key: string, value: string | undefined, moment: number): void {
    if (!this.#tracking.isCurrent(key, moment)) return
    if (value === undefined) {
      this.#tracking.keep(key, value, moment, performance.now(), Number.POSITIVE_INFINITY)
      return
    }
    if (this.#reads.size === 0) process.nextTick(this.#askTimesToLive)
    this.#reads.set(key, { value, moment })
    if (this.#reads.size === keysAtOnce) this.#askTimesToLive()
  }

  readonly #askTimesToLive = (): void => {
    if (this.#reads.size === 0) return
    const reads = Array.from(this.#reads)
    this.#reads = new Map()
    // Before the server looks: so the end that is reckoned from it is not after the key's.
    const asked = performance.now()
    const keys = reads.map(([key]) => key)
    Effect.runCallback(Scripts.run(this.#server, Scripts.timesToLive(keys.length), keys, [], this.deadline()), {
      onExit: (exit) => {
        if (Exit.isFailure(exit)) return
        for (const [place, [key, { moment, value }]] of reads.entries()) {
          const remaining = exit.value[place] as number
          if (remaining === gone) continue
          this.#tracking.keep(key, value, moment, asked, remaining === forever ? Number.POSITIVE_INFINITY : remaining)
        }
      }
    })
  }
}

type Asked<A> = Effect.Effect<A, DriverFailure>
type Get = Command<string | undefined>
type GetMany = Command<ReadonlyArray<string | undefined>>

const ping: Command<void> = { args: ["PING"], decode: Reply.pong }

/** Answers of PTTL: https://redis.io/docs/latest/commands/pttl/ */
const gone = -2
const forever = -1
