/**
 * Interruption of an operation at each of its moments.
 */
import { Effect, Exit, Fiber, Option, Scheduler } from "effect"
import { assert } from "vitest"
import type { Harness } from "./Harness.ts"
import { withPatience } from "./Patience.ts"

/** The most steps of one operation that are tried. */
const mostSteps = 150

/** The turns of the event loop after which an operation is interrupted that may be waiting for its store. */
const turns = [0, 1, 2, 4]

/** The milliseconds that something may take which nothing holds up: more where a server has to answer. */
const patience = { TestClock: 1_500, real: 10_000 }

/** Waits for something that nothing holds up, by the time of the machine. */
export const endsSoon = <A, E, R>(
  { time }: Pick<Harness, "time">,
  subject: string,
  operation: Effect.Effect<A, E, R>
): Effect.Effect<A, E | string, R> =>
  Effect.flatMap(
    withPatience(patience[time], operation),
    Option.match({
      onNone: () => Effect.fail(`${subject} has not ended after ${patience[time]} ms`),
      onSome: Effect.succeed<A>
    })
  )

/** Interrupts an operation as it takes one of its steps, the first of which is 1. Returns its exit and all its steps. */
const interruptAtStep = Effect.fnUntraced(function* <A, E, R>(
  harness: Harness,
  operation: Effect.Effect<A, E, R>,
  step: number
) {
  const standard = yield* Scheduler.Scheduler
  let steps = 0
  let fiber: Fiber.Fiber<A, E> | undefined
  const counting: Scheduler.Scheduler = {
    executionMode: standard.executionMode,
    makeDispatcher: () => standard.makeDispatcher(),
    shouldYield: (running) => {
      if (++steps === step) fiber?.interruptUnsafe()
      return standard.shouldYield(running)
    }
  }
  // Not a child, which would be waited for: it may never end.
  fiber = yield* Effect.forkDetach(Effect.provideService(operation, Scheduler.Scheduler, counting))
  const exit = yield* endsSoon(harness, `an operation interrupted at step ${step}`, Fiber.await(fiber))
  return { exit, steps }
})

/** Interrupts an operation that has run for some turns of the event loop. */
const interruptAfter = Effect.fnUntraced(function* <A, E, R>(
  harness: Harness,
  operation: Effect.Effect<A, E, R>,
  turns: number
) {
  const fiber = yield* Effect.forkDetach(operation, { startImmediately: true })
  for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
  fiber.interruptUnsafe()
  return yield* endsSoon(harness, `an operation interrupted after ${turns} turns`, Fiber.await(fiber))
})

/**
 * Runs an operation again and again, and interrupts it at a later moment each time, until it is over before that. Each
 * time `prepare` comes first, and `judge` last, with the exit of the operation and a name for the moment.
 */
export const interruptEverywhere = Effect.fnUntraced(function* <A, E, R>(
  harness: Harness,
  prepare: Effect.Effect<unknown, unknown, R>,
  operation: Effect.Effect<A, E, R>,
  judge: (exit: Exit.Exit<A, E>, moment: string) => Effect.Effect<unknown, unknown, R>
) {
  const examine = Effect.fnUntraced(function* (exit: Exit.Exit<A, E>, moment: string) {
    assert(Exit.isSuccess(exit) || Exit.hasInterrupts(exit), `${moment}: fails, and should be interrupted or succeed`)
    yield* judge(exit, moment)
  })
  for (let step = 1, isOver = false; !isOver && step <= mostSteps; step++) {
    yield* prepare
    const { exit, steps } = yield* interruptAtStep(harness, operation, step)
    isOver = steps < step
    yield* examine(exit, `interrupted at step ${step}`)
  }
  for (const after of turns) {
    yield* prepare
    yield* examine(yield* interruptAfter(harness, operation, after), `interrupted after ${after} turns`)
  }
})
