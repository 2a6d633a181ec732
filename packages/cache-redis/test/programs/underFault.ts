/**
 * `node underFault.ts <url>`: uses a cache until a line comes in, closes it, prints what it saw, as JSON, and has nothing
 * left to do.
 */
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Context, Effect, Exit, Fiber, Layer, Logger, Scope, Stream } from "effect"

const [url = ""] = process.argv.slice(2)

const lineIn = new Promise<void>((resolve) => {
  process.stdin.once("data", () => {
    process.stdin.destroy()
    resolve()
  })
})

const failures: Record<string, number> = {}
let succeeded = 0

/** Operations that a process has seen the end of, at least, before it ends. */
const enough = 40

const ended = (): number => succeeded + Object.values(failures).reduce((sum, count) => sum + count, 0)

/** Also a failure is an answer; only a defect is not. */
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

const program = Effect.gen(function* () {
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
    for (let index = 0; ; index++) {
      yield* ask(all[index % all.length] as (typeof all)[number])
      yield* Effect.sleep(5)
    }
  })
  const loads = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkDetach(load))
  console.log("running")
  yield* Effect.promise(() => lineIn)
  // On a busy machine the line may come in before there was time for operations.
  yield* Effect.repeat(Effect.sleep(5), { until: () => ended() >= enough })
  yield* Effect.forEach(loads, Fiber.interrupt)
  yield* Effect.forkDetach(ask(cache.increment("in flight")))
  yield* Effect.yieldNow
  const start = performance.now()
  yield* Scope.close(scope, Exit.void)
  const closed = performance.now() - start
  // A destroyed handle is gone a turn of the event loop later.
  yield* Effect.sleep(20)
  yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  const left = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|GetAddrInfo/.test(name))
  return { left, closed, succeeded, failures }
})

console.log(JSON.stringify(await Effect.runPromise(Effect.provide(program, Logger.layer([])))))
