/**
 * A long run on a real Redis whose connections are cut: `pnpm linearize --seconds 60 --seed 1`.
 */
import { parseArgs } from "node:util"
import { describeHistory, isLinearizable, record } from "@hexcache/cache-contract/histories"
import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { Effect, Fiber, Logger } from "effect"
import { clients, cutting } from "./clients.ts"

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
  allowPositionals: true
})

const program = Effect.gen(function* () {
  const random = randomFrom(Number(values.seed))
  const { caches, proxy } = yield* clients()
  const cuts = yield* Effect.forkChild(cutting(proxy, random))
  const end = performance.now() + 1_000 * Number(values.seconds)
  const total = { operations: 0, unknown: 0, histories: 0, wrong: 0 }
  for (let round = 0; performance.now() < end; round++) {
    const histories = yield* record({
      caches,
      prefix: `round ${round} `,
      callers: 8,
      keys: 4,
      operations: 25,
      random,
      now: () => performance.now()
    })
    for (const [key, history] of histories) {
      total.histories++
      total.operations += history.length
      total.unknown += history.filter(({ outcome }) => outcome === "Unknown").length
      if (isLinearizable(history)) continue
      total.wrong++
      console.log(`not linearizable: ${key}\n${describeHistory(history)}`)
    }
  }
  yield* Fiber.interrupt(cuts)
  console.log(
    `${total.histories} histories, ${total.operations} operations, ${total.unknown} of unknown outcome, ${total.wrong} not linearizable, seed ${values.seed}`
  )
  return total.wrong
})

process.exitCode =
  (await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Logger.layer([]))))) === 0 ? 0 : 1
