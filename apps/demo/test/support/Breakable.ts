/**
 * A cache that a test can break and mend.
 */
import { CacheMemory } from "@hexcache/cache-memory"
import { CacheError, CachePort, Unavailable } from "@hexcache/cache-port"
import { Context, Effect, Layer, Stream } from "effect"

/** Breaks and mends the cache of `layer`. */
export class Breakable extends Context.Service<
  Breakable,
  {
    /** From now on every operation fails with `Unavailable`. */
    readonly break: Effect.Effect<void>
    readonly mend: Effect.Effect<void>
  }
>()("@hexcache/demo/test/Breakable") {}

/** A cache in memory that is whole to begin with. */
export const layer: Layer.Layer<CachePort | Breakable> = Layer.effectContext(
  Effect.gen(function* () {
    const whole = yield* CachePort
    let isBroken = false

    const guard = (operation: CacheError["operation"], member: unknown): unknown => {
      if (typeof member === "function") return (...args: ReadonlyArray<unknown>) => guard(operation, member(...args))
      const error = new CacheError({ operation, reason: new Unavailable({ message: "broken by the test" }) })
      return Stream.isStream(member)
        ? Stream.suspend(() => (isBroken ? Stream.fail(error) : member))
        : Effect.suspend(() => (isBroken ? Effect.fail(error) : (member as Effect.Effect<unknown>)))
    }

    const members = Object.entries(whole).map(([name, member]) => [
      name,
      guard(name as CacheError["operation"], member)
    ])

    return Context.make(CachePort, Object.fromEntries(members)).pipe(
      Context.add(Breakable, {
        break: Effect.sync(() => {
          isBroken = true
        }),
        mend: Effect.sync(() => {
          isBroken = false
        })
      })
    )
  })
).pipe(Layer.provide(CacheMemory.layer()))
