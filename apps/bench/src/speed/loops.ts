import type { Loops } from "./Contestant.ts"

/** For caches that answer promises: loops of an async function. */
export const promiseLoops: Loops = async (turns, inFlight) => {
  const loop = async (): Promise<void> => {
    while (turns.goesOn()) {
      const turn = turns.take()
      turns.check(turn, await turns.ask(turn))
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
}

/** For caches that answer at once: a bare loop. */
export const plainLoops: Loops = async (turns) => {
  while (turns.goesOn()) {
    const turn = turns.take()
    turns.check(turn, turns.ask(turn))
  }
}
