/**
 * Binds the methods of a `Cached` to the cache of their caller.
 *
 * @internal
 */

import { CachePort } from "@hexcache/cache-port"
import { bottomOf, originOf } from "@hexcache/cache-port/internal"
import { Context, Effect, Effectable, Option, Scope } from "effect"
import type { Cached, UnboundCached } from "./CachedTypes.ts"
import { CacheState } from "./CacheState.ts"
import { Caller } from "./Caller.ts"
import { countersOf } from "./Counters.ts"
import { type Engine, makeEngine } from "./Engine.ts"
import { sharedLife } from "./GenerationId.ts"
import { PerNamespace } from "./PerNamespace.ts"
import type { Policy } from "./Policy.ts"
import { makeStore } from "./Store.ts"
import { makeTags } from "./Tags.ts"

const states = new PerNamespace<CacheState>(bottomOf)

const stateOf = (cache: CachePort["Service"]): CacheState => states.of(cache, (retain) => new CacheState(retain))

/** Forgets the values with the tag, of every `Cached` on the cache. */
export const invalidateTag = (tag: string): Effect.Effect<void, never, CachePort> =>
  CachePort.use((cache) => {
    const tags = makeTags(
      makeStore(cache, () => undefined),
      stateOf(cache),
      sharedLife
    )
    return Effect.andThen(tags.invalidate(tag), tags.retry)
  })

/** Makes a `Cached` with an engine for each cache that it is used with, for as long as there is that cache. */
export const make = <Key, A, Answer, E, R>(
  policy: Policy<Key, A, Answer, E, R>
): UnboundCached<Key, A, Answer, E, R | CachePort> => {
  const engines = new PerNamespace<Engine<Key, A, Answer, E, R>>(originOf)
  const engineFor = (context: Context.Context<CachePort>) => {
    const cache = Context.get(context, CachePort)
    return engines.of(cache, () => makeEngine(policy, cache, stateOf(cache)))
  }

  const bind = Effect.contextWith((context: Context.Context<R | CachePort>) => {
    const engine = engineFor(context)
    return Effect.as(
      untilClosed(context, engine.close(context)),
      methods<Key, A, Answer, E, R, never>(policy.namespace, (use) =>
        Effect.withFiber((fiber) => use(engine, new Caller(fiber, context)))
      )
    )
  })

  return Object.assign(
    new Bind(bind),
    methods<Key, A, Answer, E, R, R | CachePort>(policy.namespace, (use) =>
      Effect.withFiber((fiber) => {
        // The type of the method requires a cache in the context of its caller.
        const context = fiber.context as Context.Context<CachePort>
        return use(engineFor(context), new Caller<R>(fiber, undefined))
      })
    )
  )
}

/** Runs `close` when the scope closes in which a `Cached` was bound, where it was bound in one, as in a layer. */
const untilClosed = (context: Context.Context<never>, close: Effect.Effect<void>): Effect.Effect<void> =>
  Option.match(Context.getOption(context, Scope.Scope), {
    onNone: () => Effect.void,
    onSome: (scope) => Scope.addFinalizer(scope, close)
  })

/** An object that is itself an effect. */
class Bind<A, E, R> extends Effectable.Class<A, E, R> {
  readonly #effect: Effect.Effect<A, E, R>
  constructor(effect: Effect.Effect<A, E, R>) {
    super()
    this.#effect = effect
  }
  asEffect(): Effect.Effect<A, E, R> {
    return this.#effect
  }
}

/** Runs a use of an engine for the fiber that runs the effect. */
type WithEngine<Key, A, Answer, E, R, R2> = <B, E2>(
  use: (engine: Engine<Key, A, Answer, E, R>, caller: Caller<R>) => Effect.Effect<B, E2>
) => Effect.Effect<B, E2, R2>

const methods = <Key, A, Answer, E, R, R2>(
  namespace: string,
  withEngine: WithEngine<Key, A, Answer, E, R, R2>
): Cached<Key, A, Answer, E, R2> => ({
  get: (key) => withEngine((engine, caller) => engine.get(key, caller)),
  getOption: (key) => withEngine((engine, caller) => engine.getOption(key, caller)),
  getMany: (keys) => withEngine((engine, caller) => engine.getMany(keys, caller)),
  getBatched: (key) => withEngine((engine, caller) => engine.getBatched(key, caller)),
  set: (key, value) => withEngine((engine) => engine.set([[key, value]])),
  setMany: (entries) => withEngine((engine) => engine.set(Array.from(entries))),
  refresh: (key) => withEngine((engine, caller) => engine.refresh(key, caller)),
  invalidate: (key) => withEngine((engine) => engine.invalidate([key])),
  invalidateMany: (keys) => withEngine((engine) => engine.invalidate(keys)),
  expire: (key) => withEngine((engine) => engine.expire(key)),
  invalidateAll: withEngine((engine) => engine.invalidateAll()),
  invalidateTag: (tag) => withEngine((engine) => engine.invalidateTag(tag)),
  stats: Effect.sync(() => ({ ...countersOf(namespace).live }))
})
