/**
 * One run of a scenario: processes that share a store, where nothing happens but by the events that are chosen.
 *
 * JavaScript runs undisturbed between two operations, so to choose which operation is carried out or answered next is to
 * choose among all interleavings that there are.
 */
import { DriverFailure, TimedOut, Unavailable } from "@hexcache/cache-port"
import { Cause, Context, Effect, Exit } from "effect"
import { definedBy, LookupFailed, type Methods, versionIn } from "./Definitions.ts"
import { Digest } from "./Digest.ts"
import { Footprint } from "./Footprint.ts"
import { isChange, Laws, type OpenCall, type Violation } from "./Laws.ts"
import { Names } from "./Names.ts"
import { CurrentThread, type NearMessage, Process, type Thread } from "./Process.ts"
import { type Call, type Fault, keysOf, type Scenario, usualFaults } from "./Scenario.ts"
import type { Operation } from "./SimulatedDriver.ts"
import { SimulatedStore } from "./SimulatedStore.ts"
import { VirtualTime } from "./VirtualTime.ts"

/** Something that can happen next. The same `id` in another state is the same event. */
export interface Event {
  readonly id: string
  readonly apply: () => void
  readonly describe: () => string
}

/** An operation on its way. */
export interface Pending {
  readonly process: Process
  readonly number: number
  readonly operation: Operation
  /** The call that it is part of, if it is of one alone. */
  readonly open: OpenCall | undefined
  readonly resume: (effect: Effect.Effect<never, DriverFailure> | Exit.Exit<unknown>) => void
  /** Sent; carried out and not yet answered; or given up by its caller, and perhaps carried out at some time. */
  state: "Sent" | "Done" | "GivenUp"
  result: unknown
}

/** A lookup on its way. */
interface LookingUp {
  readonly process: Process
  readonly number: number
  readonly record: ReturnType<Laws["lookupBegan"]>
  readonly resume: (effect: Effect.Effect<ReadonlyArray<number | undefined>, LookupFailed>) => void
}

export class Simulation {
  readonly scenario: Scenario
  readonly time = new VirtualTime()
  readonly laws: Laws
  readonly store: SimulatedStore
  readonly names = new Names()
  /** What the event under way touches. */
  footprint = new Footprint()
  /** True once operations and lookups are answered at once, after the schedule proper. */
  isInstant = false
  isFinished = false
  readonly #processes: Array<Process> = []
  #pending: Array<Pending> = []
  #lookups: Array<LookingUp> = []
  readonly #kinds: ReadonlyArray<Fault>
  #faults: number
  #late: number
  #ticks = 0

  constructor(scenario: Scenario, faults = scenario.faults ?? 0) {
    this.scenario = scenario
    this.#kinds = scenario.kinds ?? usualFaults
    this.#faults = faults
    this.#late = scenario.late ?? 0
    this.laws = new Laws(scenario, () => this.footprint)
    this.store = new SimulatedStore(
      () => this.time.now,
      (key) => this.#changed(key)
    )
    this.#warm()
    for (const [name, threads] of Object.entries(scenario.processes)) this.#addProcess(name, threads)
  }

  get violations(): ReadonlyArray<Violation> {
    return this.laws.violations
  }

  #addProcess(name: string, threads: ReadonlyArray<ReadonlyArray<Call>> = []): Process {
    const process = new Process(this, this.#processes.length, name, threads)
    this.#processes.push(process)
    this.laws.addProcess(process.index)
    return process
  }

  #warm(): void {
    const { prepared = [], warm = {} } = this.scenario
    if (prepared.length === 0 && Object.keys(warm).length === 0) return
    const process = this.#addProcess("W")
    this.isInstant = true
    for (const key of prepared) this.#start(process.thread([{ kind: "get", keys: [key], on: "main" }]))
    for (const name of this.store.keys()) if (versionedText.test(this.store.get(name) ?? "")) this.store.delete(name)
    for (const [on, keys] of Object.entries(warm))
      for (const key of keys) this.#start(process.thread([{ kind: "get", keys: [key], on }]))
    this.isInstant = false
    process.end()
  }

  // What the processes do.

  send(
    process: Process,
    operation: Operation,
    open: OpenCall | undefined,
    resume: Pending["resume"]
  ): Effect.Effect<void> | undefined {
    this.names.learn(process, operation.texts)
    this.laws.asked(process.index)
    const pending: Pending = {
      process,
      number: process.sent++,
      operation,
      open,
      resume,
      state: "Sent",
      result: undefined
    }
    if (!operation.isRead) process.near?.written(operation.keys)
    if (this.isInstant) {
      this.#carryOut(pending)
      this.#answer(pending)
      return undefined
    }
    this.#pending.push(pending)
    return Effect.sync(() => this.#giveUp(pending))
  }

  lookUp(
    process: Process,
    on: string,
    keys: ReadonlyArray<string>,
    resume: LookingUp["resume"]
  ): Effect.Effect<void> | undefined {
    this.laws.asked(process.index)
    const isRefresh = process.threads.some(
      ({ open }) => open?.call.kind === "refresh" && open.call.keys.some((key) => keys.includes(key))
    )
    const record = this.laws.lookupBegan(process.index, on, keys, this.time.now, isRefresh)
    const lookingUp = { process, number: process.lookups++, record, resume }
    process.digest.add(`looks up ${on} ${keys} ${record.versions}`)
    if (this.isInstant) {
      this.#found(lookingUp)
      return undefined
    }
    this.#lookups.push(lookingUp)
    return Effect.sync(() => {
      this.#lookups = this.#lookups.filter((other) => other !== lookingUp)
      this.laws.lookupEnded(record)
    })
  }

  // What becomes of it.

  #carryOut(pending: Pending): void {
    const { operation, process } = pending
    for (const key of operation.keys) {
      if (operation.isRead) this.footprint.read(key)
      else this.footprint.write(key)
    }
    this.footprint.write(idOf(pending))
    pending.result = operation.run(this.store)
    if (!operation.isRead && pending.open !== undefined) this.laws.written(pending.open, operation.texts)
    if (pending.state === "GivenUp") {
      this.#remove(pending)
      return
    }
    pending.state = "Done"
    if (operation.isRead) process.near?.read(operation.keys)
    process.near?.replied(pending)
  }

  /** Answers an operation that was carried out; behind everything that the near cache is told before. */
  #answer(pending: Pending): void {
    const { near } = pending.process
    if (near === undefined) {
      this.#deliver(pending)
      return
    }
    while (near.inbox.some((message) => "reply" in message && message.reply === pending)) this.#receive(pending.process)
  }

  #receive(process: Process): void {
    const message = process.near?.inbox.shift()
    if (message === undefined) return
    this.#touch(process, `receives ${describeMessage(message)}`)
    if ("reply" in message) this.#deliver(message.reply)
    else process.near?.told(message.key)
    for (const outdates of message.outdates) this.laws.reached(process.index, outdates)
  }

  #deliver(pending: Pending): void {
    const { operation, process, result } = pending
    this.#touch(process, `${pending.number} ${this.names.canonical(JSON.stringify(result) ?? "")}`)
    this.#remove(pending)
    if (operation.isRead) process.near?.arrived(pending, this.store)
    pending.resume(Exit.succeed(result))
    this.time.drain()
  }

  #fail(pending: Pending, outcome: "NotExecuted" | "Unknown"): void {
    const { process } = pending
    this.#touch(process, `${pending.number} ${outcome}`)
    this.footprint.write(idOf(pending))
    this.laws.failed(process.index)
    process.near?.forget(pending)
    const Reason = outcome === "Unknown" ? TimedOut : Unavailable
    pending.resume(Effect.fail(new DriverFailure(new Reason({ message: "by the schedule" }), outcome)))
    this.time.drain()
  }

  #giveUp(pending: Pending): void {
    if (pending.state === "Sent" && !pending.operation.isRead) pending.state = "GivenUp"
    else this.#remove(pending)
    pending.process.near?.forget(pending)
  }

  #remove(pending: Pending): void {
    this.#pending = this.#pending.filter((other) => other !== pending)
  }

  #found({ process, number, record, resume }: LookingUp): void {
    this.#touch(process, `lookup ${number} found`)
    this.#lookups = this.#lookups.filter((other) => other.record !== record)
    this.laws.lookupAnswered(record, this.time.now)
    const { isAbsent = () => false } = this.scenario
    resume(
      Effect.succeed(
        record.keys.map((key, index) => {
          const version = record.versions[index] ?? 0
          return isAbsent(key, version) ? undefined : version
        })
      )
    )
    this.time.drain()
  }

  #notFound({ process, number, record, resume }: LookingUp): void {
    this.#touch(process, `lookup ${number} failed`)
    process.isFailing = true
    this.#lookups = this.#lookups.filter((other) => other.record !== record)
    this.laws.lookupFailed(record)
    resume(Effect.fail(new LookupFailed({ key: record.keys.join() })))
    this.time.drain()
  }

  /** A key of the store has changed: the near caches that have read it are going to be told. */
  #changed(key: string): void {
    for (const { near } of this.#processes) near?.changed(key)
  }

  #start(thread: Thread): void {
    const { process } = thread
    const call = thread.calls[thread.next++]
    if (call === undefined) return
    this.#touch(process, `starts ${thread.name} ${thread.next}`)
    const open = this.laws.begin(call, process.index, this.time.now)
    thread.open = open
    const fiber = Effect.runForkWith(Context.add(process.context, CurrentThread, thread))(
      this.#use(call, process.methods(call.on)) as Effect.Effect<unknown>
    )
    thread.fiber = fiber
    fiber.addObserver((exit) => this.#ended(thread, open, exit))
    this.time.drain()
  }

  #use({ keys, kind, on, tag = "" }: Call, methods: Methods): Effect.Effect<unknown, unknown> {
    const [key = ""] = keys
    switch (kind) {
      case "get":
        return methods.get(key)
      case "getOption":
        return methods.getOption?.(key) ?? methods.get(key)
      case "getBatched":
        return methods.getBatched(key)
      case "getMany":
        return methods.getMany(keys)
      case "refresh":
        return methods.refresh(key)
      case "set": {
        const value = definedBy(this.scenario).get(on)?.valueOf(key, this.laws.version(key))
        return methods.set(key, value)
      }
      case "expire":
        return methods.expire?.(key) ?? methods.invalidate(key)
      case "invalidate":
        return methods.invalidate(key)
      case "invalidateTag":
        return methods.invalidateTag(tag)
      case "invalidateAll":
        return methods.invalidateAll
    }
  }

  #ended(thread: Thread, open: OpenCall, exit: Exit.Exit<unknown, unknown>): void {
    const { process } = thread
    thread.open = undefined
    thread.fiber = undefined
    if (thread.isCancelled) {
      this.laws.abandon(open)
      return
    }
    if (Exit.isFailure(exit)) {
      this.laws.abandon(open)
      if (!process.isFailing || !Cause.hasFails(exit.cause))
        this.laws.violated("answered", `${open.call.kind} ended with ${Cause.pretty(exit.cause).split("\n")[0]}`)
      return
    }
    if (isChange(open.call)) {
      this.laws.endInvalidation(open, (outdates) => {
        for (const other of this.#processes) this.#tell(other, outdates)
      })
    } else this.laws.endRead(open, this.#seen(open.call, exit.value), this.time.now)
  }

  #tell(process: Process, outdates: number): void {
    const last = process.near?.inbox.at(-1)
    if (last === undefined) this.laws.reached(process.index, outdates)
    else last.outdates.push(outdates)
  }

  /** The version of each key that a read has seen. */
  #seen({ keys, kind }: Call, value: unknown): ReadonlyArray<readonly [key: string, version: number]> {
    return keys.flatMap((key) => {
      const found = kind === "getMany" ? (value as ReadonlyMap<string, unknown>).get(key) : value
      const seen = versionIn(found)
      if (seen === undefined) return kind === "getOption" ? [] : this.#seenAbsent(key)
      if (seen[0] !== key) this.laws.violated("ownKey", `${kind} of ${key} saw ${seen.join("@")}`)
      return [seen]
    })
  }

  /** The newest version that had no value. */
  #seenAbsent(key: string): ReadonlyArray<readonly [key: string, version: number]> {
    for (let version = this.laws.version(key); version >= 0; version--)
      if (this.scenario.isAbsent?.(key, version)) return [[key, version]]
    this.laws.violated("ownKey", `no value of ${key}`)
    return []
  }

  #touch(process: Process, what: string): void {
    this.footprint.write(process.name)
    process.digest.add(`${what} ${this.time.now}`)
  }

  // What can happen next.

  apply(event: Event): void {
    this.footprint = new Footprint()
    event.apply()
  }

  /** The events of this state, in an order that every run has. None once the run is over. */
  events(): ReadonlyArray<Event> {
    if (this.isFinished) return []
    const events: Array<Event> = []
    const add = (id: string, describe: () => string, apply: () => void) => events.push({ id, describe, apply })

    for (const pending of this.#pending) {
      const id = idOf(pending)
      if (pending.state === "Sent" || (pending.state === "Done" && pending.process.near === undefined)) {
        add(
          `ok ${id}`,
          () => this.#answered(pending),
          () => {
            if (pending.state === "Sent") this.#carryOut(pending)
            this.#answer(pending)
          }
        )
      }
    }
    for (const lookup of this.#lookups)
      add(
        `found ${lookup.process.name}.${lookup.number}`,
        () => describeLookup(lookup, "gives"),
        () => this.#found(lookup)
      )
    for (const process of this.#processes) {
      for (const thread of process.threads)
        if (process.isAlive && thread.open === undefined && thread.next < thread.calls.length)
          add(
            `start ${thread.name}`,
            () => describeStart(thread),
            () => this.#start(thread)
          )
      const [message] = process.near?.inbox ?? []
      if (message !== undefined)
        add(
          `receive ${process.name}`,
          () => `${process.name} receives ${describeMessage(message)}`,
          () => this.#receive(process)
        )
    }
    const canGoOn = events.length > 0
    const { next } = this.time
    const isWaiting = this.#processes.some(({ isAlive, threads }) => isAlive && threads.some(({ open }) => open))
    if (next !== undefined && (canGoOn ? this.scenario.isTimed : isWaiting)) {
      add(
        "wake",
        () => `${next - this.time.now} ms pass`,
        () => {
          this.footprint.writeAll()
          this.time.advanceTo(next)
        }
      )
    }
    const tick = this.scenario.ticks?.[this.#ticks]
    if (tick !== undefined) {
      add(
        "tick",
        () => `${tick} ms pass`,
        () => {
          this.footprint.writeAll()
          this.#ticks++
          this.time.advanceTo(this.time.now + tick)
        }
      )
    }
    this.#addDetours(add)
    if (!canGoOn && (next === undefined || !isWaiting))
      add(
        "finish",
        () => "everything settles, and every key is read once more",
        () => this.#finish()
      )
    return events
  }

  /** What is not the usual course of things. */
  #addDetours(add: (id: string, describe: () => string, apply: () => void) => void): void {
    const fault = (kind: Fault, id: string, describe: () => string, apply: () => void) => {
      if (this.#faults === 0 || !this.#kinds.includes(kind)) return
      add(`${kind} ${id}`, describe, () => {
        this.#faults--
        this.footprint.write("faults")
        apply()
      })
    }

    for (const pending of this.#pending) {
      const id = idOf(pending)
      const what = this.#describe(pending)
      if (pending.state === "GivenUp") {
        add(
          `late ${id}`,
          () => `${what()}: carried out though it was given up`,
          () => this.#carryOut(pending)
        )
        continue
      }
      if (pending.state === "Sent") {
        if (this.#late > 0 && this.#isBeside(pending))
          add(
            `do ${id}`,
            () => `${what()}: carried out, answered later`,
            () => {
              this.#late--
              this.footprint.write("late")
              this.#carryOut(pending)
            }
          )
        fault(
          this.#kinds.includes("refuse") || !pending.operation.isRead ? "refuse" : "refuseRead",
          id,
          () => `${what()}: fails`,
          () => {
            this.#remove(pending)
            this.#fail(pending, "NotExecuted")
          }
        )
      }
      if (pending.operation.isRead) continue
      fault(
        "lose",
        id,
        () => `${what()}: carried out, its answer is lost`,
        () => {
          if (pending.state === "Sent") this.#carryOut(pending)
          this.#remove(pending)
          this.#fail(pending, "Unknown")
        }
      )
      if (pending.state === "Sent")
        fault(
          "timeout",
          id,
          () => `${what()}: fails, and is on its way still`,
          () => {
            pending.state = "GivenUp"
            this.#fail(pending, "Unknown")
          }
        )
    }
    if (this.#faults === 0) return
    for (const lookup of this.#lookups)
      fault(
        "fail",
        `${lookup.process.name}.${lookup.number}`,
        () => describeLookup(lookup, "fails on"),
        () => this.#notFound(lookup)
      )
    for (const key of this.#kinds.includes("evict") ? this.store.keys() : [])
      fault(
        "evict",
        key,
        () => `the store evicts ${this.names.canonical(key)}`,
        () => {
          this.footprint.write(key)
          this.laws.isDisturbed = true
          this.store.delete(key)
        }
      )
    for (const process of this.#processes) {
      if (process.isAlive && process.hasStarted)
        fault(
          "end",
          process.name,
          () => `${process.name} ends without a word`,
          () => this.#end(process)
        )
      for (const thread of process.threads)
        if (thread.open?.outdates === 0)
          fault(
            "cancel",
            thread.name,
            () => `${thread.name} is interrupted`,
            () => this.#cancel(thread)
          )
    }
  }

  /** True if its process may do anything else before it is answered: else to answer it at once comes to the same. */
  #isBeside(pending: Pending): boolean {
    const { near, threads } = pending.process
    const others = threads.filter(({ calls, next, open }) => open !== undefined || next < calls.length)
    return (
      near !== undefined ||
      others.length > 1 ||
      this.#pending.some(
        (other) => other !== pending && other.process === pending.process && other.state !== "GivenUp"
      ) ||
      this.#lookups.some((lookup) => lookup.process === pending.process)
    )
  }

  #end(process: Process): void {
    this.footprint.writeAll()
    process.end()
    this.laws.forget(process.index)
    this.time.forget(process.index)
    this.#lookups = this.#lookups.filter((lookup) => lookup.process !== process)
    for (const pending of this.#pending) if (pending.process === process) this.#giveUp(pending)
  }

  #cancel(thread: Thread): void {
    this.#touch(thread.process, `cancels ${thread.name}`)
    thread.isCancelled = true
    thread.fiber?.interruptUnsafe()
    this.time.drain()
    thread.next = thread.calls.length
  }

  // After the schedule.

  /** Lets everything settle without another fault, and has every process read every key once more. */
  #finish(): void {
    this.footprint.writeAll()
    this.isFinished = true
    this.isInstant = true
    for (const { isAlive, threads } of this.#processes)
      for (const { name, open } of threads)
        if (isAlive && open !== undefined) this.laws.violated("ends", `${open.call.kind} of ${name} waits for ever`)
    const alive = this.#processes.filter(({ isAlive }) => isAlive)
    const keys = keysOf(this.scenario)
    // An owed invalidation is tried again when something is read.
    for (const process of alive) this.#readAll(process, keys)
    this.time.advanceTo(this.time.now + settling)
    for (const process of alive) this.#readAll(process, keys)
    const fresh = this.#addProcess("new process")
    for (const process of alive)
      for (const other of this.#processes) this.laws.reached(other.index, this.laws.outdatedBy(process.index))
    this.laws.isSettled = true
    for (const process of [...alive, fresh]) this.#readAll(process, keys)
    for (const process of [...alive, fresh]) this.#close(process)
  }

  #readAll(process: Process, keys: ReadonlyArray<string>): void {
    for (const on of definedBy(this.scenario).keys()) {
      for (const key of keys) this.#readNow(process, { kind: "get", keys: [key], on })
      this.#readNow(process, { kind: "getMany", keys, on })
    }
  }

  #readNow(process: Process, call: Call): void {
    const thread = process.thread([call])
    this.#start(thread)
    const since = this.time.now
    while (thread.open !== undefined && (this.time.next ?? Infinity) - since < patience)
      this.time.advanceTo(this.time.next ?? 0)
    if (thread.open !== undefined) this.laws.violated("ends", `${call.kind} waits for ever once all is over`)
    else if (this.time.now > since && this.#kinds.every((kind) => kind === "cancel"))
      this.laws.violated("unlocked", `${call.kind} waited for ${this.time.now - since} ms`)
  }

  #close(process: Process): void {
    const closing = Effect.runForkWith(process.context)(process.close)
    this.time.drain()
    if (closing.pollUnsafe() === undefined) this.laws.violated("closes", `${process.name} does not close`)
    process.end()
  }

  // What tells this state from others.

  state(): string {
    const whole = new Digest()
    for (const { digest, isAlive, near } of this.#processes) {
      whole.add(isAlive ? digest.toString() : "ended")
      if (near !== undefined) whole.add(near.state())
    }
    for (const key of this.store.keys())
      whole.add(`${key} ${this.store.endOf(key)} ${this.names.canonical(this.store.get(key) ?? "")}`)
    for (const pending of this.#pending)
      if (pending.state !== "Sent")
        whole.add(`${idOf(pending)} ${pending.state} ${this.names.canonical(JSON.stringify(pending.result) ?? "")}`)
    whole.add(`${this.time.now} ${this.#ticks} ${this.#faults} ${this.#late} ${this.isFinished}`)
    whole.add(this.laws.state())
    return whole.toString()
  }

  #describe(pending: Pending): () => string {
    const { operation, process } = pending
    return () => {
      const keys = operation.keys.map((key) => this.names.canonical(key)).join(" ")
      const texts = operation.texts.map((text) => this.names.canonical(text)).join(" ")
      return `${process.name}: ${operation.name} ${keys}${texts === "" ? "" : ` = ${texts}`}`
    }
  }

  #answered(pending: Pending): string {
    const what = this.#describe(pending)()
    const result =
      pending.state === "Done"
        ? pending.result
        : pending.operation.isRead
          ? pending.operation.run(this.store)
          : undefined
    const answer = this.names.canonical(JSON.stringify(result) ?? "done")
    return `${what}: ${pending.state === "Done" ? "answered now" : "answered"}${pending.operation.isRead ? ` ${answer}` : ""}`
  }
}

/** In the text of an entry. */
const versionedText = /"\w@\d"/

/** How long everything has to settle after the last fault, in milliseconds. */
const settling = 1_000

/** How long a last read may take, in milliseconds. */
const patience = 600_000

const idOf = ({ number, process }: Pending): string => `${process.name}.${number}`

const describeMessage = (message: NearMessage): string =>
  "reply" in message ? `the answer of ${message.reply.operation.name}` : `that ${message.key} has changed`

const describeLookup = ({ process, record }: LookingUp, verb: string): string =>
  `${process.name}: the lookup ${verb} ${record.keys.map((key, index) => `${key}@${record.versions[index]}`).join(" ")}`

const describeStart = ({ calls, name, next }: Thread): string => {
  const call = calls[next]
  if (call === undefined) return ""
  const change = isChange(call) ? `changes ${call.keys.join(" ")}, and ` : ""
  const of = call.kind === "invalidateAll" ? "" : ` ${call.tag ?? call.keys.join(" ")}`
  return `${name} ${change}begins ${call.kind}${of}${call.on === "main" ? "" : ` of ${call.on}`}`
}
