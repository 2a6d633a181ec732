/**
 * `node blockedLoop.ts <url> --times 4 --millis 2000 --deadline 1500`: blocks its own event loop under load, so many times
 * for so long, and prints how many operations there were, and which of them failed, as JSON.
 */
import { parseArgs } from "node:util"
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Effect, Exit, Fiber, Logger, Schedule } from "effect"

const {
  positionals: [url = ""],
  values: { deadline, millis, times }
} = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "4" },
    millis: { type: "string", default: "2000" },
    deadline: { type: "string", default: "1500" }
  }
})

/** Blocks the event loop, and leaves the processor to others. */
const block = (millis: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)

const program = Effect.gen(function* () {
  const cache = yield* CachePort
  yield* Effect.retry(cache.ping, { times: 200, schedule: Schedule.spaced(20) })
  // The server learns the script, which takes two round trips once.
  yield* cache.increment("count")
  const failures: Record<string, number> = {}
  let operations = 0
  let isOver = false
  const asked: ReadonlyArray<Effect.Effect<unknown, CacheError>> = [
    cache.get("key"),
    cache.set("key", "value"),
    cache.increment("count"),
    cache.getMany(["a", "b"])
  ]
  const askOnce = (asked: Effect.Effect<unknown, CacheError>) =>
    Effect.map(Effect.exit(asked), (exit) => {
      operations++
      if (Exit.isSuccess(exit)) return
      const [first] = exit.cause.reasons
      const name = first?._tag === "Fail" ? first.error.reason._tag : "defect"
      failures[name] = (failures[name] ?? 0) + 1
    })
  const ask = Effect.gen(function* () {
    for (let index = 0; !isOver; index++) yield* askOnce(asked[index % asked.length] as (typeof asked)[number])
  })
  const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.forkChild(ask))
  for (let round = 0; round < Number(times); round++) {
    yield* Effect.sleep(300 + (round % 5) * 7)
    // Asked in the turn that is blocked, and so not written before it is over.
    const late = yield* Effect.forEach(asked, (each) => Effect.forkChild(askOnce(each), { startImmediately: true }))
    block(Number(millis))
    yield* Effect.forEach(late, Fiber.join)
  }
  yield* Effect.sleep(500)
  isOver = true
  yield* Effect.forEach(fibers, Fiber.join)
  return { operations, failures }
})

const layer = CacheRedis.layer({
  url,
  namespace: "blocked",
  commandTimeout: Number(deadline),
  connectTimeout: "20 seconds"
})
const seen = await Effect.runPromise(Effect.provide(program, layer).pipe(Effect.provide(Logger.layer([]))))
console.log(JSON.stringify(seen))
