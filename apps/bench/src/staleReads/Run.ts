/**
 * One run of a scenario: processes that share a store, where nothing happens but by the events that are chosen.
 *
 * JavaScript runs undisturbed between two results, so the choice of the operation that is carried out and of the result
 * that arrives next covers all interleavings. The operations of a process go over one connection: their results come in
 * their order.
 */
import { SimulatedStore } from "@hexcache/schedule-explorer"
import type { CacheProcess, Open, Surroundings } from "./CacheProcess.ts"
import type { Clock } from "./Clock.ts"
import type { ChangeKind, Scenario, Use } from "./scenarios.ts"

/** Something that can happen next. */
export interface RunEvent {
  readonly id: string
  readonly description: string
  readonly apply: () => void
}

interface Operation {
  readonly description: string
  readonly carryOut: () => unknown
  readonly resolve: (result: never) => void
  result: unknown
}

interface OpenLookup {
  readonly number: number
  readonly value: string
  readonly resolve: (value: string) => void
}

interface Message {
  readonly description: string
  readonly deliver: () => unknown
}

interface Caller {
  readonly name: string
  readonly uses: ReadonlyArray<Use>
  next: number
  isBusy: boolean
}

class Process {
  readonly name: string
  readonly callers: ReadonlyArray<Caller>
  readonly cache: CacheProcess
  /** Operations on their way to the store, and their results on the way back. */
  readonly sent: Array<Operation> = []
  readonly answers: Array<Operation> = []
  readonly lookups: Array<OpenLookup> = []
  readonly inbox: Array<Message> = []
  receive: ((message: unknown) => unknown) | undefined
  lookupCount = 0
  /** All that has happened to it. */
  history = ""

  constructor(name: string, callers: ReadonlyArray<ReadonlyArray<Use>>, open: (process: Process) => CacheProcess) {
    this.name = name
    this.callers = callers.map((uses, index) => ({
      name: callers.length > 1 ? `${name}${index + 1}` : name,
      uses,
      next: 0,
      isBusy: false
    }))
    this.cache = open(this)
  }
}

const key = "a"
const tag = "t"

const immediate = setImmediate

/** Everything that waits for no event has run after this. */
const quiet = (): Promise<void> => new Promise((resolve) => immediate(resolve))

export class Run {
  readonly #kind: ChangeKind
  readonly #clock: Clock
  readonly #store: SimulatedStore
  readonly #processes: Array<Process> = []
  #version = 0
  /** The outcomes of the event under way. */
  #outcomes: Array<string> = []

  private constructor(kind: ChangeKind, clock: Clock) {
    this.#kind = kind
    this.#clock = clock
    this.#store = new SimulatedStore(clock.now, () => {})
  }

  static async begin(scenario: Scenario, kind: ChangeKind, open: Open, clock: Clock): Promise<Run> {
    clock.restart()
    const run = new Run(kind, clock)
    const { isFilled = false, processes, warm = [] } = scenario
    if (isFilled) {
      run.#addProcess("W", [], open)
      await run.readQuietly("W")
      run.#processes.pop()
    }
    for (const [name, callers] of Object.entries(processes)) run.#addProcess(name, callers, open)
    for (const name of warm) await run.readQuietly(name)
    return run
  }

  #addProcess(name: string, callers: ReadonlyArray<ReadonlyArray<Use>>, open: Open): void {
    const tags = this.#kind === "tag" ? [tag] : []
    this.#processes.push(new Process(name, callers, (process) => open(this.#surroundings(process), tags)))
  }

  #surroundings(process: Process): Surroundings {
    const send = <A>(name: string, key: string, run: (store: SimulatedStore) => A): Promise<A> =>
      new Promise<A>((resolve) => {
        process.sent.push({
          description: `${process.name}'s ${name}${key === "" ? "" : ` of ${key}`}`,
          carryOut: () => run(this.#store),
          resolve: resolve as Operation["resolve"],
          result: undefined
        })
      })
    return {
      send,
      publish: (name, message) =>
        send(`message ${name}`, "", () => {
          for (const { inbox, receive } of this.#processes.filter((other) => other !== process))
            if (receive !== undefined)
              inbox.push({ description: `${process.name}'s message ${name}`, deliver: () => receive(message) })
        }),
      subscribe: (receive) => {
        process.receive = receive
      },
      lookUp: (key) => this.#lookUp(process, key)
    }
  }

  /** The version of the source of truth. */
  get version(): number {
    return this.#version
  }

  #lookUp(process: Process, key: string): Promise<string> {
    return new Promise((resolve) => {
      const value = `${key}@${this.#version}`
      this.#note(process, `looks up ${value}`)
      this.#outcomes.push(`${process.name} begins a lookup, which finds ${value}`)
      process.lookups.push({ number: process.lookupCount++, value, resolve })
    })
  }

  #note(process: Process, what: string): void {
    process.history += `${what};`
  }

  async #change({ cache }: Process): Promise<void> {
    const version = ++this.#version
    if (this.#kind === "delete") await cache.delete(key)
    else if (this.#kind === "set") await cache.set(key, `${key}@${version}`)
    else if (cache.deleteTag !== undefined) await cache.deleteTag(tag)
    else throw new Error("The library has no tags")
  }

  #start(process: Process, caller: Caller): void {
    const use = caller.uses[caller.next++]
    caller.isBusy = true
    const ended = (outcome: string): void => {
      caller.isBusy = false
      this.#note(process, `${caller.name} ${outcome}`)
      this.#outcomes.push(outcome)
    }
    if (use === "read")
      void process.cache.get(key).then(
        (value) => ended(`${caller.name} has read ${value}`),
        (error) => ended(`${caller.name}'s read fails: ${error}`)
      )
    else
      void this.#change(process).then(
        () => ended(`the change is acknowledged to ${caller.name}`),
        (error) => ended(`${caller.name}'s change fails: ${error}`)
      )
  }

  /** The events of this state, in an order that every run has. */
  events(): ReadonlyArray<RunEvent> {
    const events: Array<RunEvent> = []
    for (const process of this.#processes) {
      const { answers, callers, inbox, lookups, name, sent } = process
      const [first] = sent
      const [answered] = answers
      const [message] = inbox
      if (first !== undefined && answered === undefined)
        events.push({
          id: `both ${name}`,
          description: `the store carries out ${first.description}, and answers`,
          apply: () => {
            this.#carryOut(process)
            this.#answer(process)
          }
        })
      if (answered !== undefined)
        events.push({
          id: `answer ${name}`,
          description: `the answer to ${answered.description} arrives`,
          apply: () => this.#answer(process)
        })
      for (const lookup of lookups)
        events.push({
          id: `found ${name}${lookup.number}`,
          description: `${name}'s lookup returns ${lookup.value}`,
          apply: () => {
            lookups.splice(lookups.indexOf(lookup), 1)
            lookup.resolve(lookup.value)
            this.#note(process, `found ${lookup.number}`)
          }
        })
      if (message !== undefined)
        events.push({
          id: `receive ${name}`,
          description: `${name} receives ${message.description}`,
          apply: () => this.#receive(process)
        })
      for (const caller of callers)
        if (!caller.isBusy && caller.next < caller.uses.length)
          events.push({
            id: `start ${caller.name}`,
            description: `${caller.name} ${describeUse(caller.uses[caller.next], this.#kind)}`,
            apply: () => {
              this.#note(process, `start ${caller.name}`)
              this.#start(process, caller)
            }
          })
      if (first !== undefined)
        events.push({
          id: `carry ${name}`,
          description: `the store carries out ${first.description}`,
          apply: () => this.#carryOut(process)
        })
    }
    return events
  }

  #carryOut({ answers, sent }: Process): void {
    const operation = sent.shift()
    if (operation === undefined) return
    operation.result = operation.carryOut()
    answers.push(operation)
  }

  #answer(process: Process): void {
    const operation = process.answers.shift()
    if (operation === undefined) return
    this.#note(process, `answer ${asText(operation.result)}`)
    operation.resolve(operation.result as never)
  }

  #receive(process: Process): void {
    const message = process.inbox.shift()
    if (message === undefined) return
    this.#note(process, `receives ${message.description}`)
    message.deliver()
  }

  /** Carries out an event. A millisecond passes. Gives what came of it, in words. */
  async apply({ apply }: RunEvent): Promise<ReadonlyArray<string>> {
    this.#outcomes = []
    this.#clock.advance(1)
    apply()
    await quiet()
    return this.#outcomes
  }

  /** The version that a process reads, with whatever is sent carried out and answered at once. */
  async readQuietly(name: string): Promise<number> {
    const process = this.#processes.find((process) => process.name === name)
    if (process === undefined) throw new Error(`There is no process ${name}`)
    let result: { readonly value: string | undefined } | undefined
    void process.cache.get(key).then(
      (value) => {
        result = { value }
      },
      (error) => {
        throw error
      }
    )
    await quiet()
    for (;;) {
      const [event] = this.events().filter(({ id }) => !id.startsWith("start "))
      if (event === undefined) break
      event.apply()
      await quiet()
    }
    if (result === undefined) throw new Error("A read does not end")
    const [, version] = /@(\d+)$/.exec(result.value ?? "") ?? []
    if (version === undefined) throw new Error(`A read gave ${result.value}`)
    return Number(version)
  }

  /** All that decides what follows, but for times, as text. */
  state(): string {
    const stored = this.#store.keys().map((key) => `${key}=${this.#store.get(key)}`)
    const processes = this.#processes.map(({ answers, history, inbox }) => [
      history,
      ...answers.map(({ result }) => asText(result)),
      ...inbox.map(({ description }) => description)
    ])
    return canonical(JSON.stringify([this.#version, stored, processes]))
  }
}

const describeUse = (use: Use | undefined, kind: ChangeKind): string => {
  if (use === "read") return "begins to read"
  const how = { delete: "deletes the key", tag: "deletes by tag", set: "sets the new value" }[kind]
  return `changes the source of truth, and ${how}`
}

const asText = (value: unknown): string => JSON.stringify(value) ?? ""

/** A text in which random ids are named in their order, and times are left out. */
const canonical = (text: string): string => {
  const names = new Map<string, string>()
  return text.replace(/\b1[67]\d{11}\b/g, "t").replace(/[0-9A-Za-z+_.~-]{14,}/g, (id) => {
    const name = names.get(id) ?? `#${names.size}`
    names.set(id, name)
    return name
  })
}
