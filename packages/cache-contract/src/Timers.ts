/**
 * Timers as a test runner that fakes them leaves them: set, and never over.
 */
import { Effect } from "effect"

const afterThisTurn = globalThis.setImmediate

const names = ["setTimeout", "setInterval", "setImmediate"] as const

/** The most turns of the event loop that work may take. More mean that it hangs, on a machine of any speed. */
const mostTurns = 20_000

/** Runs work while no timer that is set ends, and fails when the work does not end by itself. */
export const whileTimersStandStill = <A>(work: () => Promise<A>): Effect.Effect<A, unknown> =>
  Effect.tryPromise(async () => {
    const real = names.map((name) => [name, globalThis[name]] as const)
    for (const name of names) Object.assign(globalThis, { [name]: () => 0 })
    let turns = 0
    const hung = new Promise<never>((_, reject) => {
      const count = () => {
        if (++turns < mostTurns) afterThisTurn(count)
        else reject(new Error("The work waits for a timer"))
      }
      count()
    })
    try {
      return await Promise.race([work(), hung])
    } finally {
      turns = mostTurns
      for (const [name, run] of real) Object.assign(globalThis, { [name]: run })
    }
  })
