/** Callers of simulated processes, and what they ask. */
import { CacheError, type CachePort } from "@hexcache/cache-port"
import { Cause, Effect, Exit, Option } from "effect"
import type { Random } from "../storm/random.ts"
import type { Account, Outcome } from "./Account.ts"
import type { Blocks } from "./Blocks.ts"
import type { EventLog } from "./EventLog.ts"
import type { Keyspace } from "./Keyspace.ts"
import type { Loop } from "./Loop.ts"

type Cache = CachePort["Service"]

/** Where callers are. */
export interface CallersOptions {
  readonly loop: Loop
  readonly log: EventLog
  readonly random: Random
  readonly account: Account
  /** By when every operation ends, in milliseconds. */
  readonly deadline: number
  /** The most operations of one kind in flight. */
  readonly maxPending: number
  /** How old what is read may be at most, in milliseconds: where there is a near cache. */
  readonly staleness: number
  readonly blocks: Blocks
  /** The keys of every server that a read may be from. */
  readonly keyspaces: (key: string) => ReadonlyArray<Keyspace>
  /** True if all keys are on one server at a time: reads of several are of one moment, and in an outage nothing waits. */
  readonly isOneServer: boolean
  readonly count: (what: string) => void
  /** Why this failure of what began at an instant may be; undefined where the server was well all the time. */
  readonly excuse: (operation: Operation, failure: string) => string | undefined
  /** As operations meet it that begin now. */
  readonly condition: () => Condition
  readonly isClosing: () => boolean
  /** Connections of this process that were cut so far. */
  readonly cuts: () => number
}

/** The state of a process's connections. */
export interface Condition {
  /** Operations fail at once. */
  readonly isInOutage: boolean
  /** Operations wait for a connection. */
  readonly isConnecting: boolean
}

/** An operation in flight. */
export interface Operation extends Condition {
  readonly number: number
  readonly name: string
  readonly began: number
  readonly blocked: number
  readonly isRead: boolean
  readonly cuts: number
}

const namespace = "sim"

/** How late a timer of Node's and a turn of the loop make what ends by its deadline, in milliseconds. */
const tick = 2.5

/** Operations that change nothing. */
const reads = new Set(["get", "getMany", "exists", "ttl", "ping"])

/** Eight of them are more than the buffers of a connection hold. */
const longValue = ".".repeat(20_000)

const values = 12
const groupKeys = 3

export class Callers {
  /** Operations that have not ended. */
  readonly inFlight = new Map<number, Operation>()
  operations = 0
  succeeded = 0
  /** The longest operation, in milliseconds. */
  slowest = 0
  readonly #options: CallersOptions
  readonly #cache: Cache
  readonly #name: string
  /** When the last write of this process that was acknowledged was carried out, by key. */
  readonly #written = new Map<string, number>()

  constructor(name: string, cache: Cache, options: CallersOptions) {
    this.#name = name
    this.#cache = cache
    this.#options = options
  }

  /** Begins an operation. */
  ask(): void {
    const { random } = this.#options
    const dice = random.below(100)
    if (dice < 35) this.#get(`value-${random.below(values)}`)
    else if (dice < 55) this.#set(`value-${random.below(values)}`)
    else if (dice < 70) this.#increment()
    else if (dice < 78) this.#getMany(someKeys(random))
    else if (dice < 84) this.#setGroup(`group-{${random.below(3)}}`)
    else if (dice < 90) this.#getMany(groupOf(`group-{${random.below(3)}}`))
    else if (dice < 93) this.#remove(`value-${random.below(values)}`)
    else if (dice < 95) this.#setIfAbsent(`value-${random.below(values)}`)
    else if (dice < 96) this.#ttl(`value-${random.below(values)}`)
    else if (dice < 97) this.#exists(`value-${random.below(values)}`)
    else if (dice < 98) this.#observe("ping", this.#cache.ping, () => {})
    else if (dice < 99) this.#compareAndDelete(`value-${random.below(values)}`)
    else this.#getAndDelete(`value-${random.below(values)}`)
  }

  /** Begins more operations of one kind than may be pending. */
  askManyAtOnce(count: number): void {
    const { account, isOneServer, maxPending, random } = this.#options
    const kind = ["get", "set", "increment"][random.below(3)] as string
    for (let left = count; left > 0; left--) {
      if (kind === "get") this.#get(`value-${random.below(values)}`)
      else if (kind === "set") this.#set(`value-${random.below(values)}`)
      else this.#increment()
    }
    const pending = [...this.inFlight.values()].filter(({ name }) => name.startsWith(`${kind} `)).length
    if (isOneServer && pending > maxPending) account.isWrong("growth", `${pending} times ${kind} are pending`)
  }

  /** Begins writes that fill the buffers of a connection, and some behind them. */
  writeLongValues(): void {
    for (let count = 8; count > 0; count--) this.#set(`value-${count}`, longValue)
    for (let count = 24; count > 0; count--) this.ask()
  }

  /** Begins a read or a write of the server, `exists` or `set` and a key, to see if it succeeds. */
  probe(what: string, onSuccess: () => void): void {
    const [name, key = ""] = what.split(" ")
    const done = (exit: Exit.Exit<unknown, CacheError>) => {
      if (Exit.isSuccess(exit)) onSuccess()
    }
    if (name === "exists") this.#observe(what, this.#cache.exists(key), done)
    else {
      const number = this.#options.account.beginWrite()
      this.#observe(`${what} ${number}`, this.#cache.set(key, this.#text(key, number)), (exit) => {
        this.#ended(number, [key], exit)
        done(exit)
      })
    }
  }

  /** Checks that nothing is under way for longer than it may be. */
  check(): void {
    for (const operation of this.inFlight.values()) {
      if (this.#lateness(operation) <= 0) continue
      this.inFlight.delete(operation.number)
      this.#options.account.isWrong("deadline", `${this.#title(operation)} has not ended`)
    }
  }

  #get(key: string): void {
    const from = this.#readsFrom([key])
    this.#observe(`get ${key}`, this.#cache.get(key), (exit) => {
      if (Exit.isSuccess(exit)) this.#isRead(`get`, new Map([[key, Option.getOrUndefined(exit.value)]]), from)
    })
  }

  #getMany(keys: ReadonlyArray<string>): void {
    const from = this.#readsFrom(keys)
    this.#observe(`getMany ${keys}`, this.#cache.getMany(keys), (exit) => {
      if (!Exit.isSuccess(exit)) return
      this.#isRead("getMany", new Map([...exit.value].map(([key, held]) => [key, Option.getOrUndefined(held)])), from)
    })
  }

  #set(key: string, padding = ""): void {
    const { account, random } = this.#options
    const number = account.beginWrite()
    const ttl = random.below(4) === 0 ? { ttl: 20 + random.below(3_000) } : undefined
    this.#write(`set ${key}`, number, [key], this.#cache.set(key, this.#text(key, number) + padding, ttl))
  }

  #setGroup(group: string): void {
    const { account, random } = this.#options
    const number = account.beginWrite()
    const keys = groupOf(group)
    const entries = keys.map((key) => [key, this.#text(key, number)] as const)
    const ttl = random.below(4) === 0 ? { ttl: 20 + random.below(3_000) } : undefined
    this.#write(`setMany ${keys}`, number, keys, this.#cache.setMany(entries, ttl))
  }

  #setIfAbsent(key: string): void {
    const from = this.#options.loop.now
    const number = this.#options.account.beginWrite()
    this.#observe(`setIfAbsent ${key} ${number}`, this.#cache.setIfAbsent(key, this.#text(key, number)), (exit) => {
      const wasSet = Exit.isSuccess(exit) && exit.value
      if (Exit.isSuccess(exit)) this.#isPresent(`setIfAbsent ${number}`, key, !wasSet, from)
      if (Exit.isFailure(exit) || wasSet) this.#ended(number, [key], exit)
      else this.#options.account.endWrite(number, [full(key)], "NotExecuted")
    })
  }

  #increment(): void {
    const { account, random } = this.#options
    const number = account.beginWrite()
    const key = `count-${random.below(4)}`
    const from = this.#options.loop.now
    const asked = this.#cache.increment(key, number)
    this.#observe(`increment ${key} ${number}`, this.#perhapsLeft(asked), (exit) => {
      this.#ended(number, [key], exit)
      // No near cache ever counts.
      if (Exit.isSuccess(exit)) this.#isRead(`increment ${number}`, new Map([[key, String(exit.value)]]), from)
    })
  }

  #remove(key: string): void {
    const from = this.#options.loop.now
    this.#observe(`deleteMany ${key}`, this.#cache.deleteMany([key, "never"]), (exit) => {
      if (Exit.isSuccess(exit)) this.#isPresent("deleteMany", key, exit.value === 1, from)
    })
  }

  #ttl(key: string): void {
    const from = this.#options.loop.now
    this.#observe(`ttl ${key}`, this.#cache.ttl(key), (exit) => {
      if (Exit.isSuccess(exit)) this.#isPresent("ttl", key, exit.value._tag !== "Missing", from)
    })
  }

  #exists(key: string): void {
    const from = this.#options.loop.now
    this.#observe(`exists ${key}`, this.#cache.exists(key), (exit) => {
      if (Exit.isSuccess(exit)) this.#isPresent("exists", key, exit.value, from)
    })
  }

  #compareAndDelete(key: string): void {
    this.#observe(`compareAndDelete ${key}`, this.#cache.compareAndDelete(key, "another"), (exit) => {
      if (Exit.isSuccess(exit) && exit.value)
        this.#options.account.isWrong("value", `${key} was deleted by another value`)
    })
  }

  #getAndDelete(key: string): void {
    const from = this.#options.loop.now
    this.#observe(`getAndDelete ${key}`, this.#cache.getAndDelete(key), (exit) => {
      if (Exit.isSuccess(exit)) this.#isRead("getAndDelete", new Map([[key, Option.getOrUndefined(exit.value)]]), from)
    })
  }

  #write(name: string, number: number, keys: ReadonlyArray<string>, asked: Effect.Effect<void, CacheError>): void {
    this.#observe(`${name} ${number}`, this.#perhapsLeft(asked), (exit) => this.#ended(number, keys, exit))
  }

  #ended(number: number, keys: ReadonlyArray<string>, exit: Exit.Exit<unknown, CacheError>): void {
    const { account } = this.#options
    account.endWrite(number, keys.map(full), outcomeOf(exit))
    if (Exit.isFailure(exit)) return
    for (const key of keys.map(full))
      this.#written.set(key, Math.max(this.#written.get(key) ?? 0, account.executedAt(number, key) ?? 0))
  }

  #isRead(what: string, answers: ReadonlyMap<string, string | undefined>, from: number): void {
    const { account, isOneServer, keyspaces } = this.#options
    const entries = [...answers].map(([key, value]) => [full(key), value] as const)
    for (const part of isOneServer ? [entries] : entries.map((entry) => [entry])) {
      account.read(keyspaces(part[0]?.[0] ?? ""), new Map(part), from, `${this.#name} ${what}`)
    }
  }

  #isPresent(what: string, key: string, isPresent: boolean, from: number): void {
    const { account, keyspaces } = this.#options
    account.presence(keyspaces(full(key)), full(key), isPresent, from, `${this.#name} ${what}`)
  }

  /** A process knows of its own writes at once, and with a near cache of those of others a moment later. */
  #readsFrom(keys: ReadonlyArray<string>): number {
    const { loop, staleness } = this.#options
    return Math.max(loop.now - staleness, ...keys.map((key) => Math.min(loop.now, this.#written.get(full(key)) ?? 0)))
  }

  #text(key: string, number: number): string {
    const { random } = this.#options
    // A long one fills the buffers of a connection that is not read.
    return `${full(key)}|${number}|${".".repeat(random.below(random.below(30) === 0 ? 20_000 : 60))}`
  }

  /** One write in twelve loses its caller before the end. */
  #perhapsLeft<A>(asked: Effect.Effect<A, CacheError>): Effect.Effect<A, CacheError> {
    const { random } = this.#options
    if (random.below(12) > 0) return asked
    return Effect.raceFirst(asked, Effect.andThen(Effect.sleep(random.below(20)), Effect.interrupt))
  }

  #observe<A>(name: string, asked: Effect.Effect<A, CacheError>, onExit: (exit: Exit.Exit<A, CacheError>) => void) {
    const { account, blocks, condition, count, cuts, excuse, isClosing, log, loop } = this.#options
    const { isConnecting, isInOutage } = condition()
    const operation = {
      number: this.operations++,
      name,
      began: loop.now,
      blocked: blocks.total,
      isRead: reads.has(name.split(" ")[0] as string),
      isInOutage,
      isConnecting,
      cuts: cuts()
    }
    this.inFlight.set(operation.number, operation)
    log.add(`${this.#title(operation)} begins`)
    Effect.runCallback(asked, {
      onExit: (exit) => {
        this.inFlight.delete(operation.number)
        const outcome = Exit.isSuccess(exit) ? "succeeds" : reasonOf(exit)
        const millis = loop.now - operation.began
        log.add(`${this.#title(operation)} ${outcome}`)
        count(Exit.isSuccess(exit) ? "operation succeeds" : `operation fails: ${outcome}`)
        const message = Exit.isFailure(exit) ? messageOf(exit) : undefined
        if (message !== undefined) count(`failure: ${message}`)
        if (Exit.isSuccess(exit) && operation.isConnecting) count("branch: an operation waits for a connection")
        if (Exit.isSuccess(exit) && operation.cuts < cuts()) count("branch: a read survives a cut")
        if (Exit.isSuccess(exit) && isClosing()) count("branch: an operation ends while its process closes")
        if (Exit.isSuccess(exit) && millis === 0 && name.startsWith("get "))
          count("branch: a read is answered from memory")
        const title = this.#title(operation)
        if (outcome === "defect")
          account.isWrong("defect", `${title}: ${Exit.isFailure(exit) && Cause.pretty(exit.cause)}`)
        this.slowest = Math.max(this.slowest, millis)
        if (this.#lateness(operation) > 0)
          account.isWrong("deadline", `${title} took ${millis.toFixed(2)} ms, ${outcome}`)
        if (operation.isInOutage && millis > tick && Exit.isFailure(exit) && outcome !== "interrupted") {
          account.isWrong("outage", `${title} waited for ${millis.toFixed(2)} ms in an outage, ${outcome}`)
        }
        if (Exit.isFailure(exit) && outcome !== "interrupted") {
          if (excuse(operation, outcome) === undefined) {
            account.isWrong(
              "failure",
              `${title} ${outcome}, though the server was well since ${operation.began.toFixed(2)}`
            )
          }
        }
        onExit(exit)
        if (Exit.isSuccess(exit)) this.succeeded++
      }
    })
  }

  /** The time that an operation takes beyond its limit, in milliseconds. A blocked loop has a while to read. */
  #lateness({ began, blocked, name }: Operation): number {
    const { blocks, isOneServer, loop } = this.#options
    // A ping has a deadline for each master, one after the other.
    const deadline = this.#options.deadline * (name === "ping" && !isOneServer ? 3 : 1)
    const stopped = blocks.total - blocked
    return loop.now - began - deadline - stopped - blocks.graceSince(began) - tick
  }

  #title({ name, number }: Operation): string {
    return `${this.#name} ${number} ${name}`
  }
}

const full = (key: string): string => `${namespace}:${key}`

const groupOf = (group: string): ReadonlyArray<string> =>
  Array.from({ length: groupKeys }, (_, index) => `${group}-${index}`)

const someKeys = (random: Random): ReadonlyArray<string> =>
  Array.from(new Set(Array.from({ length: 1 + random.below(6) }, () => `value-${random.below(values)}`)))

const reasonOf = (exit: Exit.Failure<unknown, CacheError>): string => {
  const error = Cause.squash(exit.cause)
  if (error instanceof CacheError) return `${error.reason._tag} ${error.outcome}`
  return Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "defect"
}

/** The text of a failure that says which branch of the connection it comes from. */
const messageOf = (exit: Exit.Failure<unknown, CacheError>): string | undefined => {
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError ? error.reason.message : undefined
}

const outcomeOf = (exit: Exit.Exit<unknown, CacheError>): Outcome => {
  if (Exit.isSuccess(exit)) return "Executed"
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError ? error.outcome : "Unknown"
}
