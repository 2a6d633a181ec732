/**
 * One run of a scenario: processes that share a store, where nothing happens but by the events that are chosen.
 *
 * JavaScript runs undisturbed between two operations, so to choose which operation is carried out or answered next is to
 * choose among all interleavings that there are.
 */
import { Effect } from "effect"
import { Calls } from "./Calls.ts"
import { definedBy } from "./Definitions.ts"
import { Digest } from "./Digest.ts"
import { type Event, eventsOf } from "./Events.ts"
import { Footprint } from "./Footprint.ts"
import type { Violation } from "./Law.ts"
import { Lookups } from "./Lookups.ts"
import { idOf, Operations } from "./Operations.ts"
import { Process } from "./Process.ts"
import { type Call, keysOf, type Scenario } from "./Scenario.ts"
import { World } from "./World.ts"

export class Simulation {
  readonly world: World
  readonly operations: Operations
  readonly lookups: Lookups
  readonly calls: Calls

  constructor(scenario: Scenario, faults = scenario.faults ?? 0) {
    this.world = new World(scenario, faults)
    this.operations = new Operations(this.world)
    this.lookups = new Lookups(this.world)
    this.calls = new Calls(this.world)
    this.#warm()
    this.world.time.advanceTo(this.world.time.now + (scenario.age ?? 0))
    this.world.store.takeSnapshot()
    for (const [name, threads] of Object.entries(scenario.processes)) this.#addProcess(name, threads)
  }

  get scenario(): Scenario {
    return this.world.scenario
  }

  get violations(): ReadonlyArray<Violation> {
    return this.world.laws.violations
  }

  /** The resources that the last event touched. */
  get footprint(): Footprint {
    return this.world.footprint
  }

  #addProcess(name: string, threads: ReadonlyArray<ReadonlyArray<Call>> = []): Process {
    const process = new Process(this, this.world.processes.length, name, threads)
    this.world.processes.push(process)
    this.world.laws.addProcess(process.index)
    return process
  }

  #warm(): void {
    const { scenario, store } = this.world
    const { prepared = [], warm = {} } = scenario
    if (prepared.length === 0 && Object.keys(warm).length === 0) return
    const process = this.#addProcess("W")
    const get = (key: string, on: string) => this.calls.start(process.thread([{ kind: "get", keys: [key], on }]))
    this.world.isInstant = true
    for (const key of prepared) get(key, "main")
    for (const name of store.keys()) if (versionedText.test(store.get(name) ?? "")) store.delete(name)
    for (const [on, keys] of Object.entries(warm)) for (const key of keys) get(key, on)
    this.world.isInstant = false
    process.end()
  }

  /** The events of this state, in an order that every run has. None once the run is over. */
  events(): ReadonlyArray<Event> {
    return eventsOf(this)
  }

  apply(event: Event): void {
    this.world.footprint = new Footprint()
    event.apply()
  }

  /** Lets everything settle without another fault, and has every process read every key once more. */
  finish(): void {
    const { laws, processes, time } = this.world
    this.world.footprint.writeAll()
    this.world.isFinished = true
    this.world.isInstant = true
    for (const { isAlive, threads } of processes)
      for (const { name, open } of threads)
        if (isAlive && open !== undefined) laws.violated("ends", `${open.call.kind} of ${name} waits for ever`)
    const alive = processes.filter(({ isAlive }) => isAlive)
    // A pending invalidation is tried again when something is read.
    for (const process of alive) this.#readAll(process)
    time.advanceTo(time.now + settling)
    for (const process of alive) this.#readAll(process)
    const fresh = this.#addProcess("new process")
    for (const process of alive)
      for (const other of processes) laws.reached(other.index, laws.outdatedBy(process.index))
    laws.isSettled = true
    for (const process of [...alive, fresh]) this.#readAll(process)
    for (const process of [...alive, fresh]) this.#close(process)
  }

  #readAll(process: Process): void {
    const keys = keysOf(this.scenario)
    for (const on of definedBy(this.scenario).keys()) {
      for (const key of keys) this.#readNow(process, { kind: "get", keys: [key], on })
      this.#readNow(process, { kind: "getMany", keys, on })
    }
  }

  #readNow(process: Process, call: Call): void {
    const { kinds, laws, time } = this.world
    const thread = process.thread([call])
    this.calls.start(thread)
    const since = time.now
    while (thread.open !== undefined && (time.next ?? Infinity) - since < patience) time.advanceTo(time.next ?? 0)
    if (thread.open !== undefined) laws.violated("ends", `${call.kind} waits for ever once all is over`)
    else if (time.now > since && kinds.every((kind) => kind === "cancel"))
      laws.violated("unlocked", `${call.kind} waited for ${time.now - since} ms`)
  }

  #close(process: Process): void {
    const closing = Effect.runForkWith(process.context)(process.close)
    this.world.time.drain()
    if (closing.pollUnsafe() === undefined) this.world.laws.violated("closes", `${process.name} does not close`)
    process.end()
  }

  /** A hash of all that decides what follows: equal states go on in the same way. */
  state(): string {
    const { faults, isFinished, late, laws, names, processes, store, ticks, time } = this.world
    const whole = new Digest()
    for (const { digest, isAlive, near } of processes) {
      whole.add(isAlive ? digest.toString() : "ended")
      if (near !== undefined) whole.add(near.state())
    }
    for (const key of store.keys()) whole.add(`${key} ${store.endOf(key)} ${names.canonical(store.get(key) ?? "")}`)
    for (const pending of this.operations.pending)
      if (pending.state !== "Sent")
        whole.add(`${idOf(pending)} ${pending.state} ${names.canonical(JSON.stringify(pending.result) ?? "")}`)
    whole.add(`${time.now} ${ticks} ${faults} ${late} ${isFinished}`)
    whole.add(laws.state())
    return whole.toString()
  }
}

/** In the text of an entry. */
const versionedText = /"\w@\d"/

/** How long everything has to settle after the last fault, in milliseconds. */
const settling = 1_000

/** How long a last read may take, in milliseconds. */
const patience = 600_000
