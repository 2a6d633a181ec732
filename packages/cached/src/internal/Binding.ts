/**
 * From a `Cached` to the cache of whoever uses it.
 *
 * @internal
 */

import { CachePort } from "@hexcache/cache-port"
import { Context, Effect, Effectable, Option, Scope } from "effect"
import type { Cached, UnboundCached } from "../Cached.ts"
import { Caller } from "./Caller.ts"
import { countersOf } from "./Counters.ts"
import { Engine } from "./Engine.ts"
import { PerNamespace } from "./PerNamespace.ts"
import type { Policy } from "./Policy.ts"
import { Store, sharedLife } from "./Store.ts"
import { TagDebts, Tags } from "./Tags.ts"

const debts = new PerNamespace<TagDebts>()

const debtsOf = (cache: CachePort["Service"]): TagDebts => debts.of(cache, (retain) => new TagDebts(retain))

/** Forgets what has the tag, of every `Cached` on the cache. */
export const invalidateTag = (tag: string): Effect.Effect<void, never, CachePort> =>
  CachePort.use((cache) => {
    const tags = new Tags(new Store(cache, () => undefined), debtsOf(cache), sharedLife)
    return Effect.andThen(tags.invalidate(tag), tags.settle)
  })

/** A `Cached` with an engine for each cache that it is used with, for as long as there is that cache. */
export const unbound = <Key, A, Answer, E, R>(
  policy: Policy<Key, A, Answer, E, R>
): UnboundCached<Key, A, Answer, E, R | CachePort> => {
  const engines = new PerNamespace<Engine<Key, A, Answer, E, R>>()
  const engineFor = (context: Context.Context<CachePort>) => {
    const cache = Context.get(context, CachePort)
    return engines.of(cache, (retain) => new Engine(policy, cache, debtsOf(cache), retain))
  }

  const bound = Effect.contextWith((context: Context.Context<R | CachePort>) => {
    const engine = engineFor(context)
    return Effect.as(
      untilClosed(context, engine.loader.close),
      methods<Key, A, Answer, E, R, never>(policy.namespace, (use) =>
        Effect.withFiber((fiber) => use(engine, new Caller(fiber, context)))
      )
    )
  })

  return Object.assign(
    new Binding(bound),
    methods<Key, A, Answer, E, R, R | CachePort>(policy.namespace, (use) =>
      Effect.withFiber((fiber) => {
        // Whoever runs this has one, says its type.
        const context = fiber.context as Context.Context<CachePort>
        return use(engineFor(context), new Caller<R>(fiber, undefined))
      })
    )
  )
}

/** Runs `close` when the scope closes in which a `Cached` was made, where it was made in one, as in a layer. */
const untilClosed = (context: Context.Context<never>, close: Effect.Effect<void>): Effect.Effect<void> =>
  Option.match(Context.getOption(context, Scope.Scope), {
    onNone: () => Effect.void,
    onSome: (scope) => Scope.addFinalizer(scope, close)
  })

/** An effect that is told by another. */
class Binding<A, E, R> extends Effectable.Class<A, E, R> {
  readonly #effect: Effect.Effect<A, E, R>
  constructor(effect: Effect.Effect<A, E, R>) {
    super()
    this.#effect = effect
  }
  asEffect(): Effect.Effect<A, E, R> {
    return this.#effect
  }
}

/** How an engine is used by whoever runs the effect. */
type Ask<Key, A, Answer, E, R, R2> = <B, E2>(
  use: (engine: Engine<Key, A, Answer, E, R>, caller: Caller<R>) => Effect.Effect<B, E2>
) => Effect.Effect<B, E2, R2>

const methods = <Key, A, Answer, E, R, R2>(
  namespace: string,
  ask: Ask<Key, A, Answer, E, R, R2>
): Cached<Key, A, Answer, E, R2> => ({
  get: (key) => ask((engine, caller) => engine.get(key, caller)),
  getOption: (key) => ask((engine, caller) => engine.getOption(key, caller)),
  getMany: (keys) => ask((engine, caller) => engine.getMany(keys, caller)),
  getBatched: (key) => ask((engine, caller) => engine.getBatched(key, caller)),
  set: (key, value) => ask((engine) => engine.put([[key, value]])),
  setMany: (entries) => ask((engine) => engine.put(Array.from(entries))),
  refresh: (key) => ask((engine, caller) => engine.refresh(key, caller)),
  invalidate: (key) => ask((engine) => engine.invalidate([key])),
  invalidateMany: (keys) => ask((engine) => engine.invalidate(keys)),
  expire: (key) => ask((engine) => engine.expire(key)),
  invalidateAll: ask((engine) => engine.invalidateAll()),
  invalidateTag: (tag) => ask((engine) => engine.invalidateTag(tag)),
  stats: Effect.sync(() => ({ ...countersOf(namespace).live }))
})
