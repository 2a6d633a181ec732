import { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { SimulatedDriver, type SimulatedStore } from "@hexcache/schedule-explorer"
import { Context, Effect, Exit, References, Scheduler, Schema, Scope } from "effect"
import { type Open, type Surroundings, ttl } from "./CacheProcess.ts"

/** How the process looks up that a `Cached` is bound in. */
const LookUp = Context.Reference<Surroundings["lookUp"]>("@hexcache/bench/LookUp", {
  defaultValue: () => () => Promise.reject(new Error("There is no lookup"))
})

const options = {
  namespace: "value",
  schema: Schema.String,
  lookup: (key: string) => Effect.flatMap(LookUp, (lookUp) => Effect.promise(() => lookUp(key))),
  ttl
}

const plain = Cached.make(options)
const tagged = Cached.make({ ...options, tags: () => ["t"] })

/** `Cached` on a driver whose every operation waits for the schedule. */
export const open: Open = ({ lookUp, send }, tags) => {
  const driver = SimulatedDriver.make(
    ({ keys, name, run }) => Effect.promise(() => send(name, keys.join(), run as (store: SimulatedStore) => never)),
    undefined
  )
  const context = Context.empty().pipe(
    Context.add(CachePort, CachePort.of(CachePort.fromDriver(driver))),
    Context.add(LookUp, lookUp),
    Context.add(Scope.Scope, Scope.makeUnsafe()),
    Context.add(Scheduler.Scheduler, new Scheduler.MixedScheduler("sync")),
    Context.add(References.CurrentLoggers, new Set())
  )
  const exit = Effect.runForkWith(context)(tags.length > 0 ? tagged : plain).pollUnsafe()
  if (exit === undefined || Exit.isFailure(exit)) throw new Error("A Cached binds at once")
  const cached = exit.value
  const run = Effect.runPromiseWith(context)
  return {
    get: (key) => run(cached.get(key)),
    delete: (key) => run(cached.invalidate(key)),
    deleteTag: (tag) => run(cached.invalidateTag(tag)),
    set: (key, value) => run(cached.set(key, value))
  }
}
