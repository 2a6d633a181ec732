/**
 * The events that can happen next in a run, in an order that every run has.
 */

import { addDetours } from "./Detours.ts"
import { idOf } from "./Operations.ts"
import type { Process, Thread } from "./Process.ts"
import { noteBeginning } from "./Reduction.ts"
import type { Simulation } from "./Simulation.ts"
import type { World } from "./World.ts"
import { describeAnswer, describeLookup, describeMessage, describeStart } from "./words.ts"

/** Something that can happen next. The same `id` in another state is the same event. */
export interface Event {
  readonly id: string
  /** The process that it happens to; `undefined` for what happens to the store or to all. */
  readonly process: Process | undefined
  readonly apply: () => void
  readonly describe: () => string
}

export type Add = (id: string, describe: () => string, apply: () => void, process?: Process) => void

/** None once the run is over. */
export const eventsOf = (simulation: Simulation): ReadonlyArray<Event> => {
  const { operations, world } = simulation
  if (world.isFinished) return []
  const events: Array<Event> = []
  const add: Add = (id, describe, apply, process) => events.push({ id, process, describe, apply })

  for (const pending of operations.pending) {
    if (pending.state === "Sent" || (pending.state === "Done" && pending.process.near === undefined)) {
      add(
        `ok ${idOf(pending)}`,
        () => describeAnswer(pending, world.names, world.store),
        () => {
          if (pending.state === "Sent") operations.carryOut(pending)
          operations.answer(pending)
        },
        pending.process
      )
    }
  }
  addLookups(simulation, add)
  addProcesses(simulation, add)
  const canGoOn = events.length > 0
  addTime(simulation, canGoOn, add)
  addDetours(simulation, add)
  if (!canGoOn && (world.time.next === undefined || !isWaiting(simulation)))
    add(
      "finish",
      () => "everything settles, and every key is read once more",
      () => simulation.finish()
    )
  return events
}

const addLookups = ({ lookups }: Simulation, add: Add): void => {
  for (const lookup of lookups.open)
    add(
      `found ${lookup.process.name}.${lookup.number}`,
      () => describeLookup(lookup, "gives"),
      () => lookups.find(lookup),
      lookup.process
    )
}

const addProcesses = (simulation: Simulation, add: Add): void => {
  const { calls, operations, world } = simulation
  for (const process of world.processes) {
    for (const thread of process.threads)
      if (process.isAlive && thread.open === undefined && thread.next < thread.calls.length && isNext(thread, world))
        add(
          `start ${thread.name}`,
          () => describeStart(thread),
          () => {
            calls.start(thread)
            noteBeginning(simulation, thread)
          },
          process
        )
    const [message] = process.near?.inbox ?? []
    if (message !== undefined)
      add(
        `receive ${process.name}`,
        () => `${process.name} receives ${describeMessage(message)}`,
        () => operations.receive(process),
        process
      )
  }
}

/** False for the first call of a thread or a process whose twin has not begun either: the twin begins. */
const isNext = (thread: Thread, { processes }: World): boolean => {
  const { process } = thread
  const twin = process.threads.find((other) => other.program === thread.program && other.next === 0)
  if (thread.next === 0 && twin !== thread) return false
  return process.hasStarted || processes.find((other) => isTwin(other, process)) === process
}

const isTwin = (one: Process, other: Process): boolean =>
  one.isAlive && !one.hasStarted && one.program === other.program

/** Time passes at once where nothing else can happen, and else as the scenario says. */
const addTime = (simulation: Simulation, canGoOn: boolean, add: Add): void => {
  const { world } = simulation
  const { scenario, time } = world
  const { next } = time
  if (next !== undefined && (canGoOn ? scenario.isTimed : isWaiting(simulation))) {
    add(
      "wake",
      () => `${next - time.now} ms pass`,
      () => {
        world.footprint.writeAll()
        time.advanceTo(next)
      }
    )
  }
  const tick = scenario.ticks?.[world.ticks]
  if (tick !== undefined) {
    add(
      "tick",
      () => `${tick} ms pass`,
      () => {
        world.footprint.writeAll()
        world.ticks++
        time.advanceTo(time.now + tick)
      }
    )
  }
}

const isWaiting = ({ world }: Simulation): boolean =>
  world.processes.some(({ isAlive, threads }) => isAlive && threads.some(({ open }) => open))
