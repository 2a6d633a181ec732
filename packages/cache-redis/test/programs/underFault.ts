/**
 * `node underFault.ts <url>...`: uses a cache of each URL. Closes one for each line that holds its index, and prints what
 * it saw, as JSON. Once all are closed, prints what is left of timers and sockets, and has nothing left to do.
 */
import { createInterface } from "node:readline"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Context, Effect, Exit, Fiber, Layer, Logger, Scope, Stream } from "effect"

const urls = process.argv.slice(2)

const lines = createInterface({ input: process.stdin })

/** For each URL, resolves when the cache of it is to be closed. */
const closings = urls.map(() => Promise.withResolvers<void>())
lines.on("line", (line) => closings[Number(line)]?.resolve())

/** Operations that a cache has seen the end of, at least, before it is closed. */
const enough = 40

/** Uses one cache until its line comes in, closes it, and prints how its operations ended. */
const useOne = Effect.fnUntraced(function* (url: string, index: number) {
  const failures: Record<string, number> = {}
  let succeeded = 0
  const ended = (): number => succeeded + Object.values(failures).reduce((sum, count) => sum + count, 0)

  /** A failure is an answer too; only a defect is not. */
  const ask = (asked: Effect.Effect<unknown, { readonly reason: { readonly _tag: string } }>) =>
    Effect.map(Effect.exit(asked), (exit) => {
      if (Exit.isSuccess(exit)) {
        succeeded++
        return
      }
      const [first] = exit.cause.reasons
      const reason = first?._tag === "Fail" ? first.error.reason._tag : "defect"
      failures[reason] = (failures[reason] ?? 0) + 1
    })

  const scope = yield* Scope.make()
  const layer = CacheRedis.layer({ url, namespace: "process", commandTimeout: 100, connectTimeout: 300 })
  const cache = Context.get(yield* Layer.buildWithScope(layer, scope), CachePort)
  const all = [
    cache.get("key"),
    cache.set("key", "value"),
    cache.increment("count"),
    cache.getMany(["a", "b"]),
    cache.setMany([["a", "1"]]),
    Stream.runDrain(cache.scan("*"))
  ]
  const load = Effect.gen(function* () {
    for (let next = 0; ; next++) {
      yield* ask(all[next % all.length] as (typeof all)[number])
      yield* Effect.sleep(5)
    }
  })
  const loads = yield* Effect.forEach(Array.from({ length: 6 }), () => Effect.forkDetach(load))
  yield* Effect.promise(() => closings[index]?.promise ?? Promise.reject())
  // On a busy machine the line may come in before there was time for operations.
  yield* Effect.repeat(Effect.sleep(5), { until: () => ended() >= enough })
  yield* Effect.forEach(loads, Fiber.interrupt)
  yield* Effect.forkDetach(ask(cache.increment("in flight")))
  yield* Effect.yieldNow
  const start = performance.now()
  yield* Scope.close(scope, Exit.void)
  console.log(JSON.stringify({ index, closed: performance.now() - start, succeeded, failures }))
})

const program = Effect.gen(function* () {
  const uses = yield* Effect.forEach(urls, (url, index) => Effect.forkDetach(useOne(url, index)))
  console.log("running")
  yield* Effect.forEach(uses, Fiber.join)
  lines.close()
  process.stdin.destroy()
  // A destroyed handle is gone a turn of the event loop later.
  yield* Effect.sleep(20)
  yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  const left = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|GetAddrInfo/.test(name))
  console.log(JSON.stringify({ left }))
})

await Effect.runPromise(Effect.provide(program, Logger.layer([])))
