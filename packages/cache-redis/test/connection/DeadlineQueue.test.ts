/** Deadlines on an event loop that is blocked. */
import { assert, it } from "vitest"
import { DeadlineQueue, type Timed } from "../../src/connection/DeadlineQueue.ts"

const call = (): Timed => ({ deadline: 0, previous: undefined, next: undefined })

const blocked = 200

it("a call that begins in a turn that was blocked has its time from the end of the turn on, and no more", async () => {
  const deadlines = new DeadlineQueue<Timed>(100, () => {})
  const before = call()
  const after = call()
  // Timers of one length run in one turn.
  setTimeout(() => deadlines.add(before), 5)
  setTimeout(() => {
    for (const began = performance.now(); performance.now() < began + blocked; );
  }, 5)
  const end = await new Promise<number>((resolve) => {
    setTimeout(() => {
      deadlines.add(after)
      setImmediate(() => setImmediate(() => resolve(performance.now())))
    }, 5)
  })
  assert.isAtLeast(before.deadline, after.deadline - 1)
  assert.isAtMost(after.deadline, end + 100)
  deadlines.drain()
  deadlines.stop()
})
