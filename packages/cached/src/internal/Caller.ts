/**
 * The services that lookups run with.
 *
 * @internal
 */
import { Clock, Console, Context, type Fiber, Logger, Metric, Random, References, Scheduler, Tracer } from "effect"
import { CurrentWaits, type LookupWaits } from "./LookupWaits.ts"

/** A use of a `Cached` by a fiber. */
export class Caller<R> {
  readonly fiber: Fiber.Fiber<unknown, unknown>
  /** The context of the use; a fiber that has ended has none. */
  readonly #own: Context.Context<never>
  /** The context that the `Cached` was bound with, and that its lookups have the services of. */
  readonly bound: Context.Context<R> | undefined
  readonly #waits: ReadonlyArray<LookupWaits> | undefined

  /** Without `bound`, lookups have the services of the caller. */
  constructor(
    fiber: Fiber.Fiber<unknown, unknown>,
    bound: Context.Context<R> | undefined,
    own = fiber.context,
    waits?: ReadonlyArray<LookupWaits>
  ) {
    this.fiber = fiber
    this.#own = own
    this.bound = bound
    this.#waits = waits
  }

  /** The waits of the lookups that the caller reads for. */
  get waits(): ReadonlyArray<LookupWaits> {
    return this.#waits ?? waitsIn(this.#own)
  }

  /** The same caller, in the fiber that works for it and for others. */
  in(fiber: Fiber.Fiber<unknown, unknown>, callers: ReadonlyArray<Caller<R>>): Caller<R> {
    const waits = callers.flatMap(({ waits }) => waits)
    return new Caller(fiber, this.bound, this.#own, Array.from(new Set(waits)))
  }

  /**
   * The context of a lookup that the caller waits for: the bound services, and of the caller's own only its time, its log
   * and its trace.
   */
  get context(): Context.Context<R> {
    const bound = this.bound
    return bound === undefined ? this.#unbound : withRuntime(bound, this.#own, [...runtime, ...trace])
  }

  /** As `context`, for a lookup that outlives the caller and is part of no span of it. */
  get backgroundContext(): Context.Context<R> {
    return withRuntime(this.bound ?? this.#unbound, this.#own, runtime)
  }

  /** True if lookups of both run with the same services, so that one may look up for the other. */
  hasServicesOf(other: Caller<R>): boolean {
    return this.bound === undefined || other.bound === undefined
      ? haveSameServices(this.#own, other.#own)
      : this.bound === other.bound
  }

  /** The type of an unbound `Cached` requires the services of its lookup from its caller. */
  get #unbound(): Context.Context<R> {
    return this.#own as Context.Context<never> as Context.Context<R>
  }
}

const noWaits: ReadonlyArray<LookupWaits> = []

const waitsIn = (context: Context.Context<never>): ReadonlyArray<LookupWaits> => {
  const waits = Context.get(context, CurrentWaits)
  return waits === undefined ? noWaits : [waits]
}

/** Time and logging. */
const runtime = [
  Clock.Clock,
  Random.Random,
  Scheduler.Scheduler,
  Scheduler.MaxOpsBeforeYield,
  Scheduler.PreventSchedulerYield,
  Console.Console,
  Logger.CurrentLoggers,
  Logger.LogToStderr,
  References.CurrentLogAnnotations,
  References.CurrentLogLevel,
  References.MinimumLogLevel,
  References.UnhandledLogLevel,
  References.TracerEnabled,
  References.TracerTimingEnabled,
  Tracer.Tracer,
  Tracer.DisablePropagation,
  Tracer.CurrentTraceLevel,
  Tracer.MinimumTraceLevel,
  Metric.CurrentMetricAttributes,
  Metric.MetricRegistry,
  Metric.FiberRuntimeMetrics
].map(({ key }) => key)

/** The place of a fiber in a trace. */
const trace = [
  Tracer.ParentSpan,
  References.CurrentLogSpans,
  References.CurrentStackFrame,
  References.TracerSpanAnnotations,
  References.TracerSpanLinks
].map(({ key }) => key)

const noServices: ReadonlySet<string> = new Set([...runtime, ...trace, CurrentWaits.key])

/** `services` with those of the caller under `keys`, and without the trace that the services were made in, which has ended. */
const withRuntime = <R>(
  services: Context.Context<R>,
  caller: Context.Context<never>,
  keys: ReadonlyArray<string>
): Context.Context<R> => {
  const map = new Map<string, unknown>(services.mapUnsafe)
  for (const key of trace) map.delete(key)
  for (const key of keys) if (caller.mapUnsafe.has(key)) map.set(key, caller.mapUnsafe.get(key))
  return Context.makeUnsafe(map)
}

const haveSameServices = (one: Context.Context<never>, other: Context.Context<never>): boolean =>
  one === other || (hasServicesOf(one.mapUnsafe, other.mapUnsafe) && hasServicesOf(other.mapUnsafe, one.mapUnsafe))

const hasServicesOf = (one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean => {
  for (const [key, service] of one) if (!noServices.has(key) && other.get(key) !== service) return false
  return true
}
