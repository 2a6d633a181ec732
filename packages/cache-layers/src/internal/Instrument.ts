/**
 * Spans and durations of effects and streams.
 *
 * @internal
 */
import { Clock, Effect, Exit, type Fiber, Metric, Stream, Tracer } from "effect"
import type { Attributes, ErrorAttributes } from "./ErrorAttributes.ts"

/** The telemetry that a layer reports. */
export interface Settings {
  readonly spans: boolean
  readonly metrics: boolean
  /** Stand on every span and every series. */
  readonly attributes: Attributes
}

/** The options of an instrument. */
export interface InstrumentOptions extends Settings {
  /** The name of the spans. */
  readonly name: string
  readonly kind: Tracer.SpanKind
  /** The name of the histogram. */
  readonly duration: string
  readonly description: string
}

/** The end of an effect or a stream. */
export interface Outcome {
  readonly error?: ErrorAttributes | undefined
  /** Stand on the span alone. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

type AnyFiber = Fiber.Fiber<unknown, unknown>
type ToOutcome<A, E> = (exit: Exit.Exit<A, E>, fiber: AnyFiber) => Outcome

/** Measures one kind of effect: a span where a tracer is installed, and its duration in a histogram. */
export class Instrument {
  readonly #options: InstrumentOptions
  /** By the attributes of the error. */
  readonly #durations = new Map<string, Metric.Histogram<number>>()

  constructor(options: InstrumentOptions) {
    this.#options = options
  }

  /** Measures an effect. `attributes` stand on the span alone. */
  measure<A, E, R>(
    effect: Effect.Effect<A, E, R>,
    toOutcome: ToOutcome<A, E>,
    attributes?: Readonly<Record<string, unknown>>
  ): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      if (!this.#isTraced(fiber)) return onEnd(effect, this.#begin(fiber, toOutcome))
      return Effect.flatMap(this.#makeSpan(attributes), (span) =>
        onEnd(Effect.withParentSpan(effect, span, noStack), this.#begin(fiber, toOutcome, span))
      )
    })
  }

  /** Measures a stream, from the first pull until its end, with the time that its reader takes meanwhile. */
  measureStream<A, E, R>(stream: Stream.Stream<A, E, R>, toOutcome: ToOutcome<unknown, E>): Stream.Stream<A, E, R> {
    return Stream.unwrap(
      Effect.withFiber((fiber) =>
        Effect.map(this.#isTraced(fiber) ? this.#makeSpan() : Effect.undefined, (span) => {
          const end = this.#begin(fiber, toOutcome, span)
          return Stream.onExit(stream, (exit) => Effect.sync(() => end(exit)))
        })
      )
    )
  }

  /** False for Effect's own tracer, which exports no spans. */
  #isTraced(fiber: AnyFiber): boolean {
    return this.#options.spans && fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer
  }

  #makeSpan(more?: Readonly<Record<string, unknown>>): Effect.Effect<Tracer.Span> {
    const { attributes, kind, name } = this.#options
    return Effect.makeSpan(name, { kind, attributes: { ...attributes, ...more }, ...noStack })
  }

  /** Returns the function to call at the end. */
  #begin<A, E>(fiber: AnyFiber, toOutcome: ToOutcome<A, E>, span?: Tracer.Span): (exit: Exit.Exit<A, E>) => void {
    const clock = fiber.getRef(Clock.Clock)
    const began = clock.monotonicTimeNanosUnsafe()
    return (exit) => {
      const { attributes, error } = toOutcome(exit, fiber)
      if (this.#options.metrics) {
        const seconds = Number(clock.monotonicTimeNanosUnsafe() - began) / 1e9
        this.#duration(error).updateUnsafe(seconds, fiber.context)
      }
      if (span === undefined) return
      for (const [name, value] of Object.entries({ ...attributes, ...error?.attributes })) span.attribute(name, value)
      span.end(clock.currentTimeNanosUnsafe(), error === undefined ? Exit.void : Exit.failCause(error.spanCause()))
    }
  }

  #duration(error: ErrorAttributes | undefined): Metric.Histogram<number> {
    const key = error === undefined ? "" : Object.values(error.attributes).join(" ")
    let histogram = this.#durations.get(key)
    if (histogram === undefined) {
      const { attributes, description, duration } = this.#options
      histogram = Metric.histogram(duration, {
        description,
        boundaries,
        attributes: { ...attributes, ...error?.attributes, unit: "s" }
      })
      this.#durations.set(key, histogram)
    }
    return histogram
  }
}

const onEnd = <A, E, R>(effect: Effect.Effect<A, E, R>, end: (exit: Exit.Exit<A, E>) => void) =>
  Effect.onExitPrimitive(effect, (exit) => {
    end(exit)
    return undefined
  })

const noStack = { captureStackTrace: false }

/** In seconds, as the convention advises for `db.client.operation.duration`. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
