/**
 * Spans by OpenTelemetry's API.
 */
import { Context, Exit, type Fiber, Option, Tracer } from "effect"

/** A span of OpenTelemetry's API. */
export interface OpenTelemetrySpan {
  /** Sets an attribute of the span. */
  setAttribute(name: string, value: never): unknown
  /** Sets whether what the span measures succeeded. */
  setStatus(status: { readonly code: number }): unknown
  /** Returns the ids of the span and its trace. */
  spanContext(): { readonly traceId: string; readonly spanId: string }
  /** Ends the span at a time, or now. */
  end(time?: [seconds: number, nanos: number]): void
}

/** An instrument of OpenTelemetry's API that adds up. */
interface ObservableCounter {
  addCallback(observe: (result: { observe(value: number, attributes: Record<string, string>): void }) => void): void
}

/**
 * OpenTelemetry's API, as much of it as a cache uses: `import * as api from "@opentelemetry/api"` has it. Without an SDK
 * that the program has set up it reports nothing.
 */
export interface OpenTelemetryApi {
  readonly trace: {
    /** Returns the tracer of a scope. */
    getTracer(name: string): {
      /** Starts a span below that of a context. */
      startSpan(
        name: string,
        options: { readonly kind: number; readonly startTime: [seconds: number, nanos: number] },
        context: never
      ): OpenTelemetrySpan
    }
    /** Returns a context with a span in it. */
    setSpan(context: never, span: never): unknown
  }
  readonly context: {
    /** Returns the context that is active here. */
    active(): unknown
    /** Runs a function with a context active. */
    with<A>(context: never, run: () => A): A
  }
  readonly metrics: {
    /** Returns the meter of a scope. */
    getMeter(name: string): {
      /** Creates a counter that is read when it is exported. */
      createObservableCounter(
        name: string,
        options: { readonly description: string; readonly unit: string }
      ): ObservableCounter
      /** Creates a histogram. */
      createHistogram(
        name: string,
        options: {
          readonly description: string
          readonly unit: string
          readonly advice: { readonly explicitBucketBoundaries: Array<number> }
        }
      ): {
        /** Records a value. */
        record(value: number, attributes: Record<string, string>): void
      }
    }
  }
}

/**
 * The name of the scope of spans and metrics.
 *
 * @internal
 */
export const instrumentationScope = "@hexcache/cache-promise"

/**
 * A tracer of Effect whose spans are those of the API. A span without a parent of its own is a child of the span that is
 * active where the operation begins.
 *
 * @internal
 */
export const tracerOf = (api: OpenTelemetryApi): Tracer.Tracer => {
  const tracer = api.trace.getTracer(instrumentationScope)
  return Tracer.make({
    span: (options) => {
      const active = api.context.active()
      const parent = Option.getOrUndefined(options.parent)
      const context = parent instanceof ApiSpan ? api.trace.setSpan(active as never, parent.span as never) : active
      const start = { kind: kinds[options.kind], startTime: timeOf(options.startTime) }
      return new ApiSpan(options, api, tracer.startSpan(options.name, start, context as never))
    }
  })
}

/**
 * Runs a function of the program with the span of the fiber as the active one, so that its own spans are children of that.
 *
 * @internal
 */
export const withinSpan = <A>(fiber: Fiber.Fiber<unknown, unknown>, run: () => A): A => {
  const span = Option.getOrUndefined(Context.getOption(fiber.context, Tracer.ParentSpan))
  return span instanceof ApiSpan ? span.run(run) : run()
}

class ApiSpan extends Tracer.NativeSpan {
  readonly span: OpenTelemetrySpan
  readonly #api: OpenTelemetryApi

  constructor(
    options: ConstructorParameters<typeof Tracer.NativeSpan>[0],
    api: OpenTelemetryApi,
    span: OpenTelemetrySpan
  ) {
    super(options)
    this.#api = api
    this.span = span
  }

  override get traceId(): string {
    return this.span.spanContext().traceId
  }

  override get spanId(): string {
    return this.span.spanContext().spanId
  }

  override attribute(name: string, value: unknown): void {
    this.span.setAttribute(name, value as never)
  }

  override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    // The attribute `error.type` names the failure.
    if (Exit.isFailure(exit)) this.span.setStatus({ code: statusError })
    this.span.end(timeOf(endTime))
    super.end(endTime, exit)
  }

  run<A>(run: () => A): A {
    const { context, trace } = this.#api
    return context.with(trace.setSpan(context.active() as never, this.span as never) as never, run)
  }
}

/** `SpanKind` of the API. */
const kinds: Readonly<Record<Tracer.SpanKind, number>> = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 }

/** `SpanStatusCode.ERROR` of the API. */
const statusError = 2

const nanosOfSecond = 1_000_000_000n

const timeOf = (nanos: bigint): [seconds: number, nanos: number] => [
  Number(nanos / nanosOfSecond),
  Number(nanos % nanosOfSecond)
]
