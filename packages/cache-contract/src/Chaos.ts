/**
 * A bad cache for the tests of domain code: it fails, delays and drops operations by a seeded plan.
 */
import {
  AccessDenied,
  CacheError,
  type CacheErrorReason,
  CachePort,
  type CacheRequest,
  ConnectionLost,
  InvalidArgument,
  InvalidValue,
  intercept,
  OutOfMemory,
  OutOfRange,
  TimedOut,
  Unavailable,
  Unknown,
  Unsupported,
  WrongType
} from "@hexcache/cache-port"
import { Context, Duration, Effect, Layer, Stream } from "effect"
import { randomFrom } from "./Random.ts"

type ReasonTag = CacheErrorReason["_tag"]

/** How often operations go wrong, and how. A rate is a share of all operations, from 0 to 1, and 0 unless given. */
export interface ChaosOptions {
  /** Any number. The same seed gives the same plan: what becomes of the first operation, of the second, and so on. */
  readonly seed: number
  /** Operations that never reach the cache and fail with outcome `"NotExecuted"`. */
  readonly failures?:
    | {
        readonly rate: number
        /** Each as likely as the others: `Unavailable`, `TimedOut` and `ConnectionLost` unless given. */
        readonly reasons?: ReadonlyArray<ReasonTag> | undefined
      }
    | undefined
  /**
   * Operations whose answer is lost: they fail with `TimedOut` or `ConnectionLost` and outcome `"Unknown"`. Half of them,
   * or the share `executed`, were carried out.
   */
  readonly drops?: { readonly rate: number; readonly executed?: number | undefined } | undefined
  /**
   * Operations that wait, by `Clock`, before anything else becomes of them: whole milliseconds, any number from `min` (1
   * unless given) to `max`, each as likely. Those that fail or are dropped are among them.
   */
  readonly delays?:
    | { readonly rate: number; readonly min?: Duration.Input | undefined; readonly max: Duration.Input }
    | undefined
}

/** The outcome of one operation, after `delay` milliseconds. */
export type Fate =
  | { readonly _tag: "Answered"; readonly delay: number }
  | { readonly _tag: "Failed"; readonly delay: number; readonly reason: ReasonTag }
  | {
      readonly _tag: "Dropped"
      readonly delay: number
      readonly reason: ReasonTag
      readonly isExecuted: boolean
    }

/** Counts of operations, by their fate. */
export interface ChaosCounts {
  readonly operations: number
  readonly failed: number
  readonly dropped: number
  readonly delayed: number
}

/** The chaos around a cache. See `Chaos.layer`. */
export class Chaos extends Context.Service<
  Chaos,
  {
    /** The counts so far. */
    readonly counts: Effect.Effect<ChaosCounts>
    /** Ends the chaos: from now on every operation goes through. */
    readonly calm: Effect.Effect<void>
  }
>()("@hexcache/cache-contract/Chaos") {
  /** The counts so far. */
  static readonly counts: Effect.Effect<ChaosCounts, never, Chaos> = Chaos.use(({ counts }) => counts)

  /** Ends the chaos: from now on every operation goes through. */
  static readonly calm: Effect.Effect<void, never, Chaos> = Chaos.use(({ calm }) => calm)

  /**
   * Wraps the cache below it, any at all, so that a test sees how domain code lives with a bad one, without a server.
   *
   * Operations take their fates from the plan in the order in which they are run, those of namespaces and `ping` too; a
   * `scan` has one fate, which comes before its first key. Bad input is refused as ever, and has none.
   *
   * Fails with `InvalidArgument` on options out of range.
   *
   * @example
   * ```ts
   * const badCache = Chaos.layer({
   *   seed: 1,
   *   failures: { rate: 0.1 },
   *   drops: { rate: 0.05 },
   *   delays: { rate: 0.2, max: "50 millis" }
   * }).pipe(Layer.provide(CacheMemory.layer()))
   *
   * it.effect("finds the user on a bad cache", () =>
   *   Effect.gen(function*() {
   *     const users = yield* Users
   *     const asking = yield* Effect.forkChild(users.byId(1))
   *     yield* TestClock.adjust("1 second")
   *     assert.deepStrictEqual(yield* Fiber.join(asking), ada)
   *   }).pipe(Effect.provide(Users.layer), Effect.provide(badCache))
   * )
   * ```
   */
  static readonly layer = (options: ChaosOptions): Layer.Layer<CachePort | Chaos, CacheError, CachePort> =>
    Layer.effectContext(make(options))

  /**
   * The fates of the first `length` operations.
   *
   * Throws on options out of range.
   */
  static readonly plan = (options: ChaosOptions, length: number): ReadonlyArray<Fate> => {
    const next = fates(check(options))
    return Array.from({ length }, next)
  }
}

const make = (options: ChaosOptions): Effect.Effect<Context.Context<CachePort | Chaos>, CacheError, CachePort> =>
  Effect.gen(function* () {
    const plan = yield* Effect.try({
      try: () => check(options),
      catch: (thrown) => new CacheError({ operation: "layer", reason: thrown as InvalidArgument })
    })
    const next = fates(plan)
    const counts = { operations: 0, failed: 0, dropped: 0, delayed: 0 }
    let isCalm = false

    const draw = Effect.suspend(() => {
      counts.operations++
      if (isCalm) return Effect.succeed(answered)
      const fate = next()
      if (fate._tag === "Failed") counts.failed++
      if (fate._tag === "Dropped") counts.dropped++
      if (fate.delay === 0) return Effect.succeed(fate)
      counts.delayed++
      return Effect.delay(Effect.succeed(fate), fate.delay)
    })

    const cache = intercept(yield* CachePort, {
      wrap: (operation, request) =>
        Effect.flatMap(draw, (fate) => {
          if (fate._tag === "Answered") return operation
          const failed = Effect.fail(errorOf(request, fate))
          return fate._tag === "Dropped" && fate.isExecuted ? Effect.andThen(Effect.exit(operation), failed) : failed
        }),
      wrapScan: (scan, request) =>
        Stream.unwrap(
          Effect.map(draw, (fate) => (fate._tag === "Answered" ? scan : Stream.fail(errorOf(request, fate))))
        )
    })

    return Context.make(CachePort, cache).pipe(
      Context.add(Chaos, {
        counts: Effect.sync(() => ({ ...counts })),
        calm: Effect.sync(() => {
          isCalm = true
        })
      })
    )
  })

const answered: Fate = { _tag: "Answered", delay: 0 }

const errorOf = (request: CacheRequest, { _tag, reason }: Exclude<Fate, { readonly _tag: "Answered" }>): CacheError =>
  new CacheError({
    ...request,
    reason: new reasons[reason]({ message: "injected by Chaos" }),
    outcome: _tag === "Failed" ? "NotExecuted" : "Unknown"
  })

const reasons: Record<ReasonTag, new (detail: { readonly message: string }) => CacheErrorReason> = {
  Unavailable,
  TimedOut,
  ConnectionLost,
  AccessDenied,
  OutOfMemory,
  WrongType,
  OutOfRange,
  InvalidArgument,
  InvalidValue,
  Unsupported,
  Unknown
}

const lost: ReadonlyArray<ReasonTag> = ["TimedOut", "ConnectionLost"]
const unavailable: ReadonlyArray<ReasonTag> = ["Unavailable", ...lost]

interface Plan {
  readonly seed: number
  readonly failures: { readonly rate: number; readonly reasons: ReadonlyArray<ReasonTag> }
  readonly drops: { readonly rate: number; readonly executed: number }
  readonly delays: { readonly rate: number; readonly min: number; readonly max: number }
}

/** Throws `InvalidArgument`. */
const check = ({ delays, drops, failures, seed }: ChaosOptions): Plan => {
  const plan = {
    seed,
    failures: { rate: failures?.rate ?? 0, reasons: failures?.reasons ?? unavailable },
    drops: { rate: drops?.rate ?? 0, executed: drops?.executed ?? 0.5 },
    delays: { rate: delays?.rate ?? 0, min: millisOf(delays?.min ?? 1), max: millisOf(delays?.max ?? 1) }
  }
  for (const share of [plan.failures.rate, plan.drops.rate, plan.drops.executed, plan.delays.rate]) {
    if (!(share >= 0 && share <= 1)) return refuse("a rate is a number from 0 to 1")
  }
  if (plan.failures.rate + plan.drops.rate > 1) return refuse("failures and drops together are at most all operations")
  if (!plan.failures.reasons.every((reason) => reason in reasons)) return refuse("a reason is that of a CacheError")
  if (plan.failures.reasons.length === 0) return refuse("failures have at least one reason")
  if (!(plan.delays.min >= 0 && plan.delays.min <= plan.delays.max && plan.delays.max < Infinity)) {
    return refuse("delays are finite, and min is at most max")
  }
  return plan
}

const refuse = (message: string): never => {
  throw new InvalidArgument({ message: `Chaos: ${message}` })
}

const millisOf = (input: Duration.Input): number => Math.ceil(Duration.toMillis(Duration.fromInputUnsafe(input)))

/** The fates of a plan, one after the other. Each takes five numbers, whichever it needs. */
const fates = ({ delays, drops, failures, seed }: Plan): (() => Fate) => {
  const random = randomFrom(seed)
  return () => {
    const [kind, which, executed, waits, wait] = [random(), random(), random(), random(), random()] as const
    const delay = waits < delays.rate ? delays.min + Math.floor(wait * (delays.max - delays.min + 1)) : 0
    if (kind < failures.rate) return { _tag: "Failed", delay, reason: pick(failures.reasons, which) }
    if (kind < failures.rate + drops.rate) {
      return { _tag: "Dropped", delay, reason: pick(lost, which), isExecuted: executed < drops.executed }
    }
    return { _tag: "Answered", delay }
  }
}

const pick = <A>(among: ReadonlyArray<A>, number: number): A => among[Math.floor(number * among.length)] as A
