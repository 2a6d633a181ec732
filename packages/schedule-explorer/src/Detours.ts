/** The events that are not the usual course of things: faults, and results that come late. */
import type { Add } from "./Events.ts"
import { idOf, type Pending } from "./Operations.ts"
import type { Process, Thread } from "./Process.ts"
import type { Fault } from "./Scenario.ts"
import type { Simulation } from "./Simulation.ts"
import { describeLookup, describeOperation } from "./words.ts"

type AddFault = (kind: Fault, id: string, describe: () => string, apply: () => void, process?: Process) => void

export const addDetours = (simulation: Simulation, add: Add): void => {
  const { operations, world } = simulation
  const fault: AddFault = (kind, id, describe, apply, process) => {
    if (world.faults === 0 || !world.kinds.includes(kind)) return
    const use = () => {
      world.faults--
      world.footprint.write("faults")
      apply()
    }
    add(`${kind} ${id}`, describe, use, process)
  }
  for (const pending of operations.pending) addDetoursOf(pending, simulation, add, fault)
  if (world.faults === 0) return
  addFailingLookups(simulation, fault)
  addEvictions(simulation, fault)
  addRestarts(simulation, fault)
  for (const process of world.processes) addEnds(process, simulation, fault)
}

const addDetoursOf = (pending: Pending, simulation: Simulation, add: Add, fault: AddFault): void => {
  const { operations, world } = simulation
  const { kinds, names } = world
  const { process } = pending
  const id = idOf(pending)
  const what = (how: string) => () => `${describeOperation(pending, names)}: ${how}`
  if (pending.state === "GivenUp") {
    add(`late ${id}`, what("carried out though it was given up"), () => operations.carryOut(pending))
    return
  }
  if (pending.state === "Sent") {
    const carryOut = () => {
      world.late--
      world.footprint.write("late")
      operations.carryOut(pending)
    }
    if (world.late > 0 && isBeside(pending, simulation))
      add(`do ${id}`, what("carried out, answered later"), carryOut, process)
    fault(refusalOf(pending, kinds), id, what("fails"), () => operations.refuse(pending), process)
  }
  if (pending.operation.isRead) return
  fault("lose", id, what("carried out, its answer is lost"), () => operations.lose(pending), process)
  if (pending.state === "Sent")
    fault("timeout", id, what("fails, and is on its way still"), () => operations.timeOut(pending), process)
}

const refusalOf = ({ operation }: Pending, kinds: ReadonlyArray<Fault>): Fault => {
  if (operation.isRead && kinds.includes("refuseRead")) return "refuseRead"
  return operation.name === "deleteMany" && kinds.includes("refuseDelete") ? "refuseDelete" : "refuse"
}

/** True if its process may do anything else before it is answered: else to answer it at once comes to the same. */
const isBeside = (pending: Pending, { lookups, operations }: Simulation): boolean => {
  const { near, threads } = pending.process
  return (
    near !== undefined ||
    threads.some(({ calls, next, open }) => (open === undefined ? next < calls.length : open !== pending.open)) ||
    operations.pending.some(
      (other) => other !== pending && other.process === pending.process && other.state !== "GivenUp"
    ) ||
    lookups.open.some((lookup) => lookup.process === pending.process)
  )
}

const addFailingLookups = ({ lookups }: Simulation, fault: AddFault): void => {
  for (const lookup of lookups.open)
    fault(
      "fail",
      `${lookup.process.name}.${lookup.number}`,
      () => describeLookup(lookup, "fails on"),
      () => lookups.fail(lookup),
      lookup.process
    )
}

const addEvictions = ({ world }: Simulation, fault: AddFault): void => {
  const { kinds, laws, names, store } = world
  for (const key of kinds.includes("evict") ? store.keys() : [])
    fault(
      "evict",
      key,
      () => `the store evicts ${names.canonical(key)}`,
      () => {
        world.footprint.write(key)
        laws.isDisturbed = true
        store.delete(key)
      }
    )
}

const addRestarts = ({ world }: Simulation, fault: AddFault): void => {
  const { laws, store } = world
  const restart = (change: () => void) => () => {
    world.footprint.writeAll()
    laws.isDisturbed = true
    change()
  }
  fault(
    "empty",
    "store",
    () => "the store restarts empty",
    restart(() => store.empty())
  )
  fault(
    "goBack",
    "store",
    () => "the store goes back to its snapshot",
    restart(() => {
      store.goBack()
      laws.goBack()
    })
  )
}

const addEnds = (process: Process, simulation: Simulation, fault: AddFault): void => {
  if (process.isAlive && process.hasStarted)
    fault(
      "end",
      process.name,
      () => `${process.name} ends without a word`,
      () => end(process, simulation),
      process
    )
  for (const thread of process.threads) if (thread.open?.outdates === 0) addCancel(thread, simulation, fault)
}

const addCancel = (thread: Thread, { calls }: Simulation, fault: AddFault): void =>
  fault(
    "cancel",
    thread.name,
    () => `${thread.name} is interrupted`,
    () => calls.cancel(thread),
    thread.process
  )

const end = (process: Process, { lookups, operations, world }: Simulation): void => {
  world.footprint.writeAll()
  process.end()
  world.laws.forget(process.index)
  world.time.forget(process.index)
  lookups.forget(process)
  for (const pending of operations.pending) if (pending.process === process) operations.giveUp(pending)
}
