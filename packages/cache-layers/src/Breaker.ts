/**
 * A layer that leaves a failing store alone, and probes from time to time for its return.
 */
import { CacheError, CachePort, type CacheRequest, InvalidArgument, intercept, Unavailable } from "@hexcache/cache-port"
import { Input, invalidInput } from "@hexcache/cache-port/internal"
import { Clock, Context, Duration, Effect, Exit, type Fiber, Layer, Random, Stream } from "effect"

/**
 * The state of a breaker: `"closed"` lets operations through, `"open"` refuses them, `"half-open"` refuses all but one, the
 * probe, whose outcome decides. An open breaker whose delay is over stays `"open"` until the next operation.
 */
export type BreakerState = "closed" | "open" | "half-open"

/** The options of `Breaker.layer`. */
export interface BreakerOptions {
  /**
   * The number of failures in a row, in the order in which operations end, that opens the breaker: a positive integer, by
   * default 5. Fewer would open it on the few operations that a lost connection fails; more would let more callers wait for
   * a silent store.
   */
  readonly failures?: number | undefined
  /**
   * The first delay until a probe, at least 1 ms, by default 100 ms; each failed probe doubles it. A short one costs little
   * where a connection under load is replaced at once.
   */
  readonly delay?: Duration.Input | undefined
  /**
   * The longest delay, at least `delay`, by default 5 seconds: in a long outage one caller in 5 seconds waits for the store,
   * and the breaker closes at most 5 seconds after the store is back. A probe that takes longer makes way for another one.
   */
  readonly maxDelay?: Duration.Input | undefined
}

/**
 * The circuit breaker in front of a cache. See `Breaker.layer`.
 */
export class Breaker extends Context.Service<
  Breaker,
  {
    /** The state now. */
    readonly state: Effect.Effect<BreakerState>
  }
>()("@hexcache/cache-layers/Breaker") {
  /** The state now, for a health check. */
  static readonly state: Effect.Effect<BreakerState, never, Breaker> = Breaker.use(({ state }) => state)

  /** The layer of a circuit breaker. */
  static readonly layer: {
    /**
     * Wraps the cache below it, so that callers do not wait for a silent store: 5 failures in a row open the breaker, and
     * operations then fail at once with `Unavailable`, until a probe succeeds. It cannot fail. `FailOpen.layer` belongs
     * above it.
     *
     * @example
     * ```ts
     * const cache = Breaker.layer().pipe(Layer.provide(CacheRedis.layer({ url, namespace: "shop" })))
     * ```
     */
    (): Layer.Layer<CachePort | Breaker, never, CachePort>
    /**
     * Wraps the cache below it, so that callers do not wait for a silent store.
     *
     * - Closed: every operation goes through. `failures` failures in a row open the breaker. `Unavailable`, `TimedOut` and
     *   `ConnectionLost` count; every other failure but invalid input comes from a store that works, and ends the row as a
     *   success does. An interrupted operation counts as neither.
     * - Open: operations fail at once with `Unavailable`, outcome `"NotExecuted"`, and the store gets none. Invalid input
     *   still fails with `InvalidArgument`. After the delay, drawn from the upper half of its length so that many processes
     *   do not probe at the same moment, the next operation of any kind goes through as a probe.
     * - Half-open: while the probe runs, all other operations fail as before. A reply closes the breaker; a failure opens it
     *   for twice as long. An interrupted probe leaves its place to the next operation.
     *
     * A store that fails again within the length of the last delay after its return gets the longer delay that would have
     * come next.
     *
     * All namespaces of the cache share the state. `FailOpen.layer` belongs above a breaker: below it, it would hide the
     * failures that the breaker counts. Time is Effect's `Clock`, chance its `Random`.
     *
     * Fails with `InvalidArgument` on options out of range.
     *
     * @example
     * ```ts
     * const cache = Breaker.layer({ failures: 3 }).pipe(Layer.provide(CacheRedis.layer({ url, namespace: "shop" })))
     * ```
     */
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
            return Effect.onExitPrimitive(operation, (exit) => circuit.record(phase, exit, fiber))
          }
          // Admits below the frame that records the outcome: an interruption in between would leave a probe without end.
          let phase = notAdmitted
          const admitted = Effect.suspend(() => {
            if (!circuit.admits(fiber)) return Effect.fail(whileOpen(request))
            phase = circuit.phase
            return operation
          })
          return Effect.onExitPrimitive(admitted, (exit) => circuit.record(phase, exit, fiber))
        }),
      wrapScan: (scan, request) =>
        Stream.suspend(() => {
          let phase = notAdmitted
          const admitted = Effect.withFiber((fiber) => {
            if (!circuit.admits(fiber)) return Effect.fail(whileOpen(request))
            phase = circuit.phase
            return Effect.succeed(scan)
          })
          return Stream.onExit(Stream.unwrap(admitted), (exit) =>
            Effect.withFiber((fiber) => {
              circuit.record(phase, exit, fiber)
              return Effect.void
            })
          )
        })
    })
    return Context.make(CachePort, cache).pipe(Context.add(Breaker, { state: Effect.sync(() => circuit.state) }))
  })

/** The phase of an operation that did not reach the store. */
const notAdmitted = -1

type Limits = { readonly failures: number; readonly delay: number; readonly maxDelay: number }
type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The state of a breaker, and its transitions. */
class Circuit {
  state: BreakerState = "closed"
  /** Grows with every transition, so that the outcome of an operation from before it changes nothing. */
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

  /** True if an operation may reach the store now. While the breaker is not closed, that operation is the probe. */
  admits(fiber: AnyFiber): boolean {
    if (this.state === "closed") return true
    const now = nowOf(fiber)
    if (now < this.#since) return false
    this.#change("half-open", now + this.#limits.maxDelay)
    return true
  }

  /** Records the end of an operation that `admits` let through in `phase`. */
  record(phase: number, exit: Exit.Exit<unknown, CacheError>, fiber: AnyFiber): undefined {
    if (phase !== this.phase) return
    const health = Exit.isSuccess(exit) ? "up" : healthOf(exit)
    if (this.state === "closed") {
      if (health === "up") this.#failures = 0
      else if (health === "down" && ++this.#failures >= this.#limits.failures) this.#open(fiber)
    } else if (health === "up") {
      this.#failures = 0
      this.#change("closed", nowOf(fiber))
    } else if (health === "down") {
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

/** Monotonic milliseconds: a wall clock that is set back would keep the breaker open. */
const nowOf = (fiber: AnyFiber): number => Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()) / 1e6

/** The state of the store behind a failure. Invalid input, invalid JSON, interruption and what the store cannot do say nothing about it. */
const healthOf = ({ cause }: Exit.Failure<unknown, CacheError>): "up" | "down" | "unknown" => {
  const [first] = cause.reasons
  if (first?._tag !== "Fail") return "unknown"
  switch (first.error.reason._tag) {
    case "Unavailable":
    case "TimedOut":
    case "ConnectionLost":
      return "down"
    case "InvalidArgument":
    case "InvalidValue":
    case "Unsupported":
      return "unknown"
    default:
      return "up"
  }
}

const whileOpen = (request: CacheRequest): CacheError => new CacheError({ ...request, reason: breakerOpen })

/** Made once: its stack trace would cost as much as the rest of a refusal, and says nothing. */
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

/** NaN for an invalid duration. */
const millisOf = (input: Duration.Input): number => {
  const duration = Duration.fromInput(input)
  return duration._tag === "None" ? Number.NaN : Duration.toMillis(duration.value)
}

const refuse = (message: string): Effect.Effect<never, CacheError> =>
  Effect.fail(new CacheError({ operation: "layer", reason: new InvalidArgument({ message: `Breaker: ${message}` }) }))
