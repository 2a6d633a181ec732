/**
 * A layer that stops asking a failing store, and asks again to see whether it is back.
 */

import { CacheError, CachePort, type CacheRequest, InvalidArgument, intercept, Unavailable } from "@hexcache/cache-port"
import { Input, invalidInput } from "@hexcache/cache-port/internal"
import { Clock, Context, Duration, Effect, Exit, type Fiber, Layer, Random, Stream } from "effect"

/**
 * What a breaker does with operations: `"closed"` asks the store, `"open"` refuses them, `"half-open"` refuses them but
 * for one, whose outcome decides. An open breaker whose delay is over stays `"open"` until an operation comes.
 */
export type BreakerState = "closed" | "open" | "half-open"

/** When a breaker opens, and for how long. */
export interface BreakerOptions {
  /**
   * How many operations in a row, in the order in which they end, fail before the breaker opens: a positive integer, 5
   * unless given. Fewer would open it on the one operation that a lost connection takes with it; more would let more
   * callers wait for a store that answers nothing.
   */
  readonly failures?: number | undefined
  /**
   * The first delay until the store is asked again; each failed probe doubles it. A millisecond or more, 100
   * milliseconds unless given, so that a connection that is replaced at once, under load, costs hardly more than that.
   */
  readonly delay?: Duration.Input | undefined
  /**
   * The longest delay, at least `delay`, 5 seconds unless given: in a long outage one caller waits for the store each 5
   * seconds, and a store that is back is used after 5 seconds at most. It is also how long a probe may take before
   * another operation is let through as the next one.
   */
  readonly maxDelay?: Duration.Input | undefined
}

/**
 * The circuit breaker between a cache and those who ask it. See `Breaker.layer`.
 */
export class Breaker extends Context.Service<
  Breaker,
  {
    /** What the breaker does now. */
    readonly state: Effect.Effect<BreakerState>
  }
>()("@hexcache/cache-layers/Breaker") {
  /** What the breaker does now, for a health check. */
  static readonly state: Effect.Effect<BreakerState, never, Breaker> = Breaker.use(({ state }) => state)

  /**
   * Wraps the cache below it, so that nobody waits for a store that does not answer.
   *
   * - Closed: every operation goes through. So many failures in a row as `failures` says open the breaker. What counts is
   *   `Unavailable`, `TimedOut` and `ConnectionLost`; every other failure but bad input is the answer of a store that is
   *   there, and ends the row as a success does. An interrupted operation says nothing.
   * - Open: operations fail at once with `Unavailable`, outcome `"NotExecuted"`, and the store is left alone. Bad input
   *   is still `InvalidArgument`. After the delay, drawn from the upper half of its length so that many processes do not
   *   come at the same moment, the next operation goes through as a probe, `ping` as well as any other.
   * - Half-open: while the probe runs, all others fail as before. If the store answers, the breaker closes; if not, it
   *   opens for twice as long. An interrupted probe leaves its place to the next operation.
   *
   * A store that fails again soon after it came back, sooner than the last delay was long, is given the longer delay
   * that would have come next.
   *
   * The state is shared by all namespaces of the cache. `FailOpen.layer` belongs above a breaker: below it, it would hide
   * the failures that the breaker counts. Time is Effect's `Clock`, chance its `Random`.
   *
   * Fails with `InvalidArgument` on options out of range; without options it cannot fail.
   *
   * @example
   * ```ts
   * const cache = Breaker.layer().pipe(Layer.provide(CacheRedis.layer({ url, namespace: "shop" })))
   * ```
   */
  static readonly layer: {
    (): Layer.Layer<CachePort | Breaker, never, CachePort>
    (options: BreakerOptions): Layer.Layer<CachePort | Breaker, CacheError, CachePort>
  } = (options: BreakerOptions = {}): Layer.Layer<CachePort | Breaker, never, CachePort> =>
    // Without options there is nothing to refuse, which the first signature says.
    Layer.effectContext(make(options)) as Layer.Layer<CachePort | Breaker, never, CachePort>
}

const make = (options: BreakerOptions) =>
  Effect.gen(function* () {
    const circuit = new Circuit(yield* checkOptions(options))
    const cache = intercept(yield* CachePort, {
      wrap: (operation, request) =>
        Effect.withFiber((fiber) => {
          if (circuit.state === "closed") {
            const { phase } = circuit
            return Effect.onExitPrimitive(operation, (exit) => circuit.settle(phase, exit, fiber))
          }
          // Admitted below the frame that settles it: an interruption in between would leave a probe that never ends.
          let phase = notAdmitted
          const asking = Effect.suspend(() => {
            if (!circuit.admits(fiber)) return Effect.fail(whileOpen(request))
            phase = circuit.phase
            return operation
          })
          return Effect.onExitPrimitive(asking, (exit) => circuit.settle(phase, exit, fiber))
        }),
      wrapScan: (scan, request) =>
        Stream.suspend(() => {
          let phase = notAdmitted
          const asking = Effect.withFiber((fiber) => {
            if (!circuit.admits(fiber)) return Effect.fail(whileOpen(request))
            phase = circuit.phase
            return Effect.succeed(scan)
          })
          return Stream.onExit(Stream.unwrap(asking), (exit) =>
            Effect.withFiber((fiber) => {
              circuit.settle(phase, exit, fiber)
              return Effect.void
            })
          )
        })
    })
    return Context.make(CachePort, cache).pipe(Context.add(Breaker, { state: Effect.sync(() => circuit.state) }))
  })

/** The phase of what did not ask the store. */
const notAdmitted = -1

type Limits = { readonly failures: number; readonly delay: number; readonly maxDelay: number }
type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The state of a breaker, and what changes it. */
class Circuit {
  state: BreakerState = "closed"
  /** Another one after every change, so that the outcome of what began before it changes nothing. */
  phase = 0
  readonly #limits: Limits
  /** Failures in a row while closed. */
  #failures = 0
  /** The length of the last delay, or 0 for none that still matters. */
  #delay = 0
  /** When the next probe may begin, while not closed; when the breaker closed, while closed. */
  #since = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Whether an operation may ask the store now; what is let through while not closed is the probe. */
  admits(fiber: AnyFiber): boolean {
    if (this.state === "closed") return true
    const now = nowOf(fiber)
    if (now < this.#since) return false
    this.#change("half-open", now + this.#limits.maxDelay)
    return true
  }

  /** Takes the outcome of an operation that was let through in `phase`. */
  settle(phase: number, exit: Exit.Exit<unknown, CacheError>, fiber: AnyFiber): undefined {
    if (phase !== this.phase) return
    const outcome = Exit.isSuccess(exit) ? "answered" : outcomeOf(exit)
    if (this.state === "closed") {
      if (outcome === "answered") this.#failures = 0
      else if (outcome === "failed" && ++this.#failures >= this.#limits.failures) this.#open(fiber)
    } else if (outcome === "answered") {
      this.#failures = 0
      this.#change("closed", nowOf(fiber))
    } else if (outcome === "failed") {
      this.#open(fiber)
    } else {
      this.#change("half-open", -Infinity)
    }
  }

  #open(fiber: AnyFiber): void {
    const now = nowOf(fiber)
    const { delay, maxDelay } = this.#limits
    const isFirst = this.#delay === 0 || (this.state === "closed" && now - this.#since >= this.#delay)
    this.#delay = isFirst ? delay : Math.min(this.#delay * 2, maxDelay)
    this.#change("open", now + this.#delay * (1 - fiber.getRef(Random.Random).nextDoubleUnsafe() / 2))
  }

  #change(state: BreakerState, since: number): void {
    this.state = state
    this.#since = since
    this.phase++
  }
}

/** In milliseconds, of the time that no one sets: a clock put back would keep the breaker open. */
const nowOf = (fiber: AnyFiber): number => Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()) / 1e6

/** What a failure tells of the store. Bad input, JSON that is none, and interruption tell nothing. */
const outcomeOf = ({ cause }: Exit.Failure<unknown, CacheError>): "answered" | "failed" | "unknown" => {
  const [first] = cause.reasons
  if (first?._tag !== "Fail") return "unknown"
  switch (first.error.reason._tag) {
    case "Unavailable":
    case "TimedOut":
    case "ConnectionLost":
      return "failed"
    case "InvalidArgument":
    case "InvalidValue":
      return "unknown"
    default:
      return "answered"
  }
}

const whileOpen = (request: CacheRequest): CacheError => new CacheError({ ...request, reason: breakerOpen })

/** Made once, since its stack trace costs as much as the rest of a refusal and tells nothing. */
const breakerOpen = new Unavailable({ message: "the breaker is open, the store was not asked" })

const known: Record<keyof BreakerOptions, true> = { failures: true, delay: true, maxDelay: true }

const checkOptions = (options: BreakerOptions): Effect.Effect<Limits, CacheError> => {
  try {
    Input.onlyOptions(options, (name) => Object.hasOwn(known, name), Object.keys(known).join(", "))
  } catch (thrown) {
    return Effect.fail(invalidInput("layer", thrown))
  }
  const { delay, failures = 5, maxDelay } = options
  const limits = { failures, delay: millisOf(delay ?? 100), maxDelay: millisOf(maxDelay ?? 5_000) }
  if (!Number.isSafeInteger(failures) || failures < 1) return refuse("failures is a positive integer")
  if (!(limits.delay >= 1 && limits.delay < Infinity)) return refuse("delay is finite and at least a millisecond")
  if (!(limits.maxDelay >= limits.delay && limits.maxDelay < Infinity)) {
    return refuse("maxDelay is finite and at least delay")
  }
  return Effect.succeed(limits)
}

/** NaN for what is no duration. */
const millisOf = (input: Duration.Input): number => {
  const duration = Duration.fromInput(input)
  return duration._tag === "None" ? Number.NaN : Duration.toMillis(duration.value)
}

const refuse = (message: string): Effect.Effect<never, CacheError> =>
  Effect.fail(new CacheError({ operation: "layer", reason: new InvalidArgument({ message: `Breaker: ${message}` }) }))
