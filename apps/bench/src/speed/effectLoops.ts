import { Effect } from "effect"
import type { Loops } from "./Contestant.ts"

/** For caches that answer effects: loops of a fiber, all of them run as one effect. */
export const effectLoops =
  (run: (loops: Effect.Effect<void>) => Promise<void>): Loops =>
  (turns, inFlight) => {
    const loop = Effect.suspend(() => {
      let turn = 0
      return Effect.whileLoop({
        while: () => turns.goesOn(),
        body: () => {
          turn = turns.take()
          return turns.ask(turn) as Effect.Effect<unknown>
        },
        step: (answer) => turns.check(turn, answer)
      })
    })
    return run(
      Effect.all(
        Array.from({ length: inFlight }, () => loop),
        { concurrency: "unbounded", discard: true }
      )
    )
  }
