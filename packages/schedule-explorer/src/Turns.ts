/**
 * Turns of the event loop between schedules.
 */
import { setImmediate } from "node:timers/promises"

/** The number of schedules in one turn. */
const inOneTurn = 200

/**
 * Ends in a later turn after so many schedules, else at once. The target of a `WeakRef` that was read stays until its turn
 * ends, and with it the whole simulation: in one turn a large scenario fills the memory.
 */
export const turnAfter = async (schedules: number): Promise<void> => {
  if (schedules % inOneTurn === 0) await setImmediate()
}
