/**
 * `node blockedLoop.ts <url> <times> <millis>`: blocks its own event loop under load, so many times, and prints what
 * came of the operations, as JSON.
 */
import { type CacheError, CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Effect, Exit, Fiber, Logger, Schedule } from "effect"

const [url = "", times = "10", millis = "400"] = process.argv.slice(2)

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
  for (let block = 0; block < Number(times); block++) {
    yield* Effect.sleep(300 + (block % 5) * 7)
    // Asked in the turn that is blocked, and so not written before it is over.
    const late = yield* Effect.forEach(asked, (each) => Effect.forkChild(askOnce(each), { startImmediately: true }))
    const end = performance.now() + Number(millis)
    while (performance.now() < end);
    yield* Effect.forEach(late, Fiber.join)
  }
  yield* Effect.sleep(500)
  isOver = true
  yield* Effect.forEach(fibers, Fiber.join)
  return { operations, failures }
})

const layer = CacheRedis.layer({ url, namespace: "blocked" })
const seen = await Effect.runPromise(Effect.provide(program, layer).pipe(Effect.provide(Logger.layer([]))))
console.log(JSON.stringify(seen))
