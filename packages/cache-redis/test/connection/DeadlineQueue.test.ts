/** Deadlines on an event loop that is blocked. */
import { assert, it } from "vitest"
import { DeadlineQueue, type Timed } from "../../src/connection/DeadlineQueue.ts"

const call = (): Timed => ({ deadline: 0, previous: undefined, next: undefined })

const blocked = 200

const block = (): void => {
  for (const began = performance.now(); performance.now() < began + blocked; );
}

it("a call that begins in a turn that was blocked has its time from the end of the turn on, and no more", async () => {
  const deadlines = new DeadlineQueue<Timed>(100, () => {})
  const before = call()
  const after = call()
  // Timers of one length run in one turn.
  setTimeout(() => deadlines.add(before), 5)
  setTimeout(block, 5)
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

it("a step that comes later has the deadline of what began in a turn that was blocked", async () => {
  const deadlines = new DeadlineQueue<Timed>(100, () => {})
  const first = call()
  const next = call()
  const began = performance.now()
  deadlines.add(first, began + 100)
  block()
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  deadlines.remove(first)
  deadlines.add(next, began + 100)
  assert.strictEqual(next.deadline, first.deadline)
  assert.isAtLeast(first.deadline, began + blocked + 100)
  deadlines.drain()
  deadlines.stop()
})

it("a step whose deadline passed while the loop was blocked has as long again, and 100 ms at most", () => {
  const deadlines = new DeadlineQueue<Timed>(100, () => {})
  for (const late of [30, 5_000]) {
    const step = call()
    const began = performance.now()
    deadlines.add(step, began - late)
    assert.isAtLeast(step.deadline, began + Math.min(late, 100) - 10)
    assert.isAtMost(step.deadline, performance.now() + 100)
  }
  deadlines.drain()
  deadlines.stop()
})
