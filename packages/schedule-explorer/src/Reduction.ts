/**
 * Which events of a state suffice: what comes of the others comes of these as well.
 */
import type { Event } from "./Events.ts"
import { isChange } from "./OpenCall.ts"
import type { Thread } from "./Process.ts"
import type { Simulation } from "./Simulation.ts"
import type { World } from "./World.ts"

/**
 * Notes that a read has done no more than to ask the store. The next event of its process may follow at once: what others
 * do in between they may do before the read begins as well, when the laws are as strict or stricter. So its beginning
 * touches all that the next event may touch.
 */
export const noteBeginning = ({ lookups, operations, world }: Simulation, { open, process }: Thread): void => {
  if (open === undefined || isChange(open.call) || process.near !== undefined || mayTimePass(world)) return
  const isAlone = process.threads.every(
    (other) => other.open === open || (other.open === undefined && other.next >= other.calls.length)
  )
  const sent = operations.pending.filter((pending) => pending.process === process && pending.state !== "GivenUp")
  const hasOnlyAsked = sent.length > 0 && sent.every(({ state }) => state === "Sent")
  if (!isAlone || !hasOnlyAsked || lookups.open.some((lookup) => lookup.process === process)) return
  const { footprint, laws } = world
  process.hasOnlyAsked = true
  laws.expectRead(footprint)
  for (const { operation } of sent) {
    for (const key of operation.keys) {
      if (operation.isRead) footprint.read(key)
      else footprint.write(key)
    }
  }
}

/** Those of the process that has only asked; all, where there is none. */
export const sufficient = (events: ReadonlyArray<Event>): ReadonlyArray<Event> => {
  const next = events.filter(({ process }) => process?.hasOnlyAsked === true)
  return next.length === 0 ? events : next
}

/**
 * The end of a lookup, where nothing else can happen to its process. If it touches that alone, it comes to the same whenever
 * it comes, and suffices.
 */
export const mayBeLocal = ({ lookups, world }: Simulation, events: ReadonlyArray<Event>): Event | undefined => {
  if (mayTimePass(world) || world.scenario.isNear) return undefined
  for (const { process } of lookups.open) {
    const [first, ...others] = events.filter((event) => event.process === process)
    if (others.length === 0) return first
  }
  return undefined
}

/** True if time may pass at any moment. */
const mayTimePass = ({ scenario, ticks }: World): boolean =>
  scenario.isTimed === true || ticks < (scenario.ticks?.length ?? 0)
