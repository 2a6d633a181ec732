/**
 * From a `Cached` to the cache of whoever uses it.
 *
 * @internal
 */
import { Context, Effect, Effectable, Option, Scope } from "effect"
import type { Cached, UnboundCached } from "../Cached.ts"
import { CachePort } from "../CachePort.ts"
import { Caller } from "./Caller.ts"
import { countersOf } from "./Counters.ts"
import { Engine } from "./Engine.ts"
import type { Policy } from "./Policy.ts"
import { TagDebts } from "./Tags.ts"

const debts = new WeakMap<CachePort["Service"], TagDebts>()
const debtsOf = (cache: CachePort["Service"]): TagDebts => {
  const known = debts.get(cache) ?? new TagDebts()
  debts.set(cache, known)
  return known
}

/** A `Cached` with an engine for each cache that it is used with, for as long as there is that cache. */
export const unbound = <Key, A, Answer, E, R>(
  policy: Policy<Key, A, Answer, E, R>
): UnboundCached<Key, A, Answer, E, R | CachePort> => {
  const engines = new WeakMap<CachePort["Service"], Engine<Key, A, Answer, E, R>>()
  const engineFor = (context: Context.Context<CachePort>) => {
    const cache = Context.get(context, CachePort)
    let engine = engines.get(cache)
    if (engine === undefined) {
      engine = new Engine(policy, cache, debtsOf(cache))
      engines.set(cache, engine)
    }
    return engine
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
  getMany: (keys) => ask((engine, caller) => engine.getMany(keys, caller)),
  getBatched: (key) => ask((engine, caller) => engine.getBatched(key, caller)),
  put: (key, value) => ask((engine) => engine.put([[key, value]])),
  refresh: (key) => ask((engine, caller) => engine.refresh(key, caller)),
  invalidate: (key) => ask((engine) => engine.invalidate([key])),
  invalidateAll: ask((engine) => engine.invalidateAll()),
  invalidateTag: (tag) => ask((engine) => engine.invalidateTag(tag)),
  stats: Effect.sync(() => ({ ...countersOf(namespace).live }))
})
