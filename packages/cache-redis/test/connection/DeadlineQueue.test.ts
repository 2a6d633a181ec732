/** Deadlines on an event loop that is blocked. */
import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
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

it("an element that is due while the loop is blocked is put off once, and its next step has the same deadline", async () => {
  const deadlines = new DeadlineQueue<Timed>(50, () => {})
  const first = call()
  const next = call()
  const began = performance.now()
  deadlines.add(first)
  await new Promise(setImmediate)
  block()
  // The late timer fires before.
  await new Promise((resolve) => setTimeout(resolve, 1))
  assert.isAtLeast(first.deadline, began + blocked)
  deadlines.remove(first)
  deadlines.add(next, first.deadline)
  assert.strictEqual(next.deadline, first.deadline)
  deadlines.drain()
  deadlines.stop()
})

it("a step whose deadline passed while the loop was blocked has as long again, and 100 ms at most", () => {
  const deadlines = new DeadlineQueue<Timed>(100, () => {})
  const began = performance.now()
  for (const late of [30, 5_000]) {
    const step = call()
    deadlines.add(step, began - late)
    assert.isAtLeast(step.deadline, began + Math.min(late, 100) - 1)
    assert.isAtMost(step.deadline, performance.now() + 100)
  }
  deadlines.drain()
  deadlines.stop()
})

it("calls that come with earlier deadlines are put in order at a cost that does not grow with the calls behind them", () => {
  let reads = 0
  const counted = (): Timed => {
    let deadline = 0
    return {
      get deadline() {
        reads++
        return deadline
      },
      set deadline(at) {
        deadline = at
      },
      previous: undefined,
      next: undefined
    }
  }
  const count = 2_000
  const deadlines = new DeadlineQueue<Timed>(10_000, () => {})
  const now = performance.now()
  for (let index = 0; index < count; index++) deadlines.add(counted())
  reads = 0
  for (let index = 0; index < count; index++) deadlines.add(counted(), now + 5_000 + index / 1_000)
  assert.isBelow(reads, 20 * count)
  const inOrder = deadlines.drain().map(({ deadline }) => deadline)
  assert.deepStrictEqual(
    inOrder,
    inOrder.toSorted((one, other) => one - other)
  )
  deadlines.stop()
})

it("calls are in the order of their deadlines, however they come and go", () => {
  const deadlines = new DeadlineQueue<Timed>(10_000, () => {})
  const calls = new Set<Timed>()
  const now = performance.now()
  const random = randomFrom(1)
  const next = (below: number) => Math.floor(random() * below)
  for (let step = 0; step < 5_000; step++) {
    const known = [...calls]
    if (known.length > 50 || (known.length > 0 && next(3) === 0)) {
      const gone = known[next(known.length)] as Timed
      calls.delete(gone)
      deadlines.remove(gone)
    } else {
      const added = call()
      calls.add(added)
      deadlines.add(added, next(2) === 0 ? undefined : now + 5_000 + next(5_000))
    }
  }
  assert.strictEqual(deadlines.size, calls.size)
  const inOrder = deadlines.drain()
  assert.isTrue(inOrder.every((each) => calls.has(each)))
  for (const [index, { deadline }] of inOrder.slice(1).entries()) {
    assert.isAtLeast(deadline, (inOrder[index] as Timed).deadline)
  }
  deadlines.stop()
})
