/**
 * Laws on a store that is out of order.
 */
import { CacheError, type CacheErrorReason, CachePort } from "@hexcache/cache-port"
import { Clock, Context, Effect, Exit, Fiber, Layer, Option, Schedule, type Scope } from "effect"
import { assert } from "vitest"
import { describeError } from "./describeError.ts"
import type { Harness, LawContext, LockableStore, Store } from "./Harness.ts"
import type { Law } from "./Law.ts"
import { isUnsupported } from "./LeftOut.ts"
import { everyOperation } from "./Operations.ts"
import { withPatience } from "./Patience.ts"

type Cache = CachePort["Service"]

/** Makes a law that has a store of its own, and puts it out of order. */
export const faultLaw = (name: string, check: FaultCheck): Law => lawOn(({ store }) => store, name, check)

/** Makes a law that has a store of its own, whose lock somebody else takes. */
export const lockLaw = (name: string, check: FaultCheck): Law =>
  lawOn(({ lockable }) => lockable && Effect.map(lockable, storeOfLock), name, check)

type FaultCheck = (
  store: Store,
  harness: Harness
) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>

const lawOn = (
  storeOf: (harness: Harness) => Effect.Effect<Store, unknown, Scope.Scope> | undefined,
  name: string,
  check: FaultCheck
): Law => ({
  name,
  check: ({ harness, observe }) => {
    const opened = storeOf(harness)
    if (opened === undefined) return Effect.void
    const run = Effect.fnUntraced(check)
    const checked = Effect.scoped(Effect.flatMap(opened, (store) => run(observed(store, observe), harness)))
    return Effect.provideService(bounded(checked), Clock.Clock, Clock.Clock.defaultValue())
  },
  applies: (harness) => storeOf(harness) !== undefined
})

/** A locked store is one that is frozen to writes. */
const storeOfLock = ({ deadline, layer, lock, unlock }: LockableStore): Store => {
  const impossible = Effect.die("a lock is all that happens to this store")
  return {
    layer,
    deadline,
    freeze: lock,
    thaw: unlock,
    kill: impossible,
    restart: impossible,
    cutOff: impossible,
    reconnect: impossible
  }
}

/** The store with a layer whose cache is observed. */
const observed = (store: Store, observe: LawContext["observe"]): Store =>
  observe === undefined
    ? store
    : { ...store, layer: Layer.provide(Layer.effect(CachePort, Effect.map(CachePort, observe)), store.layer) }

/** Ends a law that waits for something that never comes. */
const bounded = (check: Effect.Effect<void, unknown>): Effect.Effect<void, unknown> =>
  Effect.flatMap(
    withPatience(30_000, check),
    Option.match({ onNone: () => Effect.fail("the law has not ended after 30 s"), onSome: () => Effect.void })
  )

/**
 * The time by which something may end later than promised, in milliseconds. A law bounds times so that a busy machine
 * breaks none; a benchmark measures the exact figures.
 */
export const margin = 2_000

/** A way for a store to be out of order. */
export interface Fault {
  readonly name: string
  readonly begin: (store: Store) => Effect.Effect<void>
  readonly end: (store: Store) => Effect.Effect<void>
  /** By when the first operation succeeds once it has ended, in milliseconds. */
  readonly recovery: number
  /** True if the data is there afterwards. */
  readonly keepsData: boolean
  /** Makes a law on a store that can be out of order in this way. */
  readonly law: typeof faultLaw
}

export const frozen: Fault = {
  name: "frozen",
  begin: ({ freeze }) => freeze,
  end: ({ thaw }) => thaw,
  recovery: 1_000,
  keepsData: true,
  law: faultLaw
}

/** Somebody else has the lock of writers. Reads go on. */
export const locked: Fault = { ...frozen, name: "locked", law: lockLaw }

export const killed: Fault = {
  name: "killed",
  begin: ({ kill }) => kill,
  end: ({ restart }) => restart,
  recovery: 1_000,
  keepsData: false,
  law: faultLaw
}

export const cutOff: Fault = {
  name: "cut off",
  begin: ({ cutOff }) => cutOff,
  end: ({ reconnect }) => reconnect,
  // An attempt to connect that began before may have to run out first.
  recovery: 1_500,
  keepsData: true,
  law: faultLaw
}

export const faults: ReadonlyArray<Fault> = [frozen, killed, cutOff]

/** The cache on a store, for as long as the scope is open. */
export const build = ({ layer }: Store): Effect.Effect<Cache, unknown, Scope.Scope> =>
  Effect.map(Layer.build(layer), Context.get(CachePort))

/** Builds a cache as `build` does, and waits until its store works. */
export const buildReady = (store: Store) => Effect.tap(build(store), (cache) => untilSuccess(cache, store))

/** Retries until the store works: by a round trip, since a get may be served from memory. */
export const untilSuccess = ({ ping }: Cache, { deadline }: Store) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    for (;;) {
      const { exit } = yield* timed("ping", ping, deadline)
      if (Exit.isSuccess(exit)) return
      const passed = (yield* Clock.currentTimeMillis) - start
      assert(passed < 10_000, `no success for ${passed} ms; the last failure: ${describeExit(exit)}`)
      yield* Effect.sleep(10)
    }
  })

/** Milliseconds between two looks at what a fault has met. */
const pause = 20

/**
 * Waits for `least` milliseconds, and for up to `margin` more until a fault has met what it is to meet. It counts pauses
 * and not time, which passes also while the event loop of a busy machine stands still and nothing is met.
 */
export const untilMet = Effect.fnUntraced(function* (least: number, hasMet: () => boolean) {
  const fewest = Math.ceil(least / pause)
  const most = fewest + Math.ceil(margin / pause)
  for (let pauses = 0; pauses < fewest || (pauses < most && !hasMet()); pauses++) yield* Effect.sleep(pause)
})

/** Retries until the cache itself knows that the store does not answer. */
export const untilUnavailable = (cache: Cache, { deadline }: Store) =>
  Effect.gen(function* () {
    let last = ""
    for (let attempt = 0; attempt < 20; attempt++) {
      const { exit } = yield* timed("get", cache.get("key"), deadline)
      if (reasonOf(exit) === "Unavailable") return
      last = describeExit(exit)
    }
    assert.fail(`operations of a store that is away do not fail with Unavailable; the last one: ${last}`)
  })

/** Runs something that must end within `limit` milliseconds. Returns its exit, the instant of its end, and the time it took. */
export const timed = <A, E, R>(name: string, operation: Effect.Effect<A, E, R>, limit: number) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    let end = start
    // The end is noted by the operation itself: on a busy machine others may come to see it much later.
    const noted = Effect.onExit(operation, () =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        end = now
      })
    )
    // Not a child, which would be waited for: it may never end.
    const fiber = yield* Effect.forkDetach(noted, { startImmediately: true })
    const ended = yield* withPatience(limit + margin, Fiber.await(fiber))
    if (Option.isNone(ended)) fiber.interruptUnsafe()
    assert(Option.isSome(ended), `${name} must end within ${limit} ms, and has not after ${limit + margin} ms`)
    return { exit: ended.value, end, millis: end - start }
  })

/**
 * Runs every operation, one after the other, and expects each to fail at once with `Unavailable`, before anything was
 * executed. All of them together must take a fraction of what it takes to wait for each one's deadline, and each must
 * be quick at least once, so that a busy machine is not mistaken for a cache that waits.
 */
export const allFailAtOnce = (cache: Cache, { deadline }: Store) =>
  Effect.gen(function* () {
    const all = everyOperation(cache)
    const failAtOnce = Effect.fnUntraced(function* ([name, operation]: (typeof all)[number]) {
      const { exit, millis } = yield* timed(name, operation, deadline)
      const error = failedWith(name, exit, ["Unavailable"])
      assert.strictEqual(error.outcome, "NotExecuted", name)
      assert.isTrue(error.isRetryable, name)
      return millis
    })
    const longest = (2 * all.length * deadline) / 4
    let total = 0
    for (const operation of [...all, ...all]) {
      total += yield* failAtOnce(operation)
      assert.isBelow(total, longest, "milliseconds that operations took to fail at once")
    }
    for (const operation of all) {
      let tries = 1
      while ((yield* failAtOnce(operation)) >= deadline / 4) {
        assert.isBelow(tries++, 10, `tries of ${operation[0]}, none of which failed at once`)
      }
    }
  })

/** The error of a failure, or undefined for a success. Anything else than a `CacheError` breaks every law. */
export const errorOf = (exit: Exit.Exit<unknown, unknown>): CacheError | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const [first] = exit.cause.reasons
  assert(first?._tag === "Fail" && first.error instanceof CacheError, `failed with ${first?._tag}, not a CacheError`)
  return first.error
}

/** An exit, as a reader of a failure wants it. */
export const describeExit = (exit: Exit.Exit<unknown, unknown>): string => {
  const error = errorOf(exit)
  return error === undefined ? "a success" : describeError(error)
}

/** The error of a failure that has one of these reasons. */
export const failedWith = (
  name: string,
  exit: Exit.Exit<unknown, unknown>,
  reasons: ReadonlyArray<string>
): CacheError => {
  const error = errorOf(exit)
  // The law may have to be left out.
  if (isUnsupported(error)) throw error
  const came = error === undefined ? "succeeds" : `fails with ${error.reason._tag} (${describeError(error)})`
  assert(
    error !== undefined && reasons.includes(error.reason._tag),
    `${name} ${came}, and should fail with ${reasons.join(" or ")}`
  )
  return error
}

/** Retries an operation that does no harm twice: on a busy machine one may miss its deadline. */
export const persist = <A>(operation: Effect.Effect<A, CacheError>): Effect.Effect<A, CacheError> =>
  Effect.retry(operation, { times: 20, schedule: Schedule.spaced(10) })

export const reasonOf = (exit: Exit.Exit<unknown, unknown>): CacheErrorReason["_tag"] | undefined =>
  errorOf(exit)?.reason._tag
