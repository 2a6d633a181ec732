/**
 * Work that is measured: a span of it where a tracer asks for one, and its duration in a histogram.
 *
 * @internal
 */
import { type Cause, Clock, Effect, Exit, type Fiber, Metric, Stream, Tracer } from "effect"

export type Attributes = Readonly<Record<string, string>>

/** What is reported, and with what. */
export interface Settings {
  readonly spans: boolean
  readonly metrics: boolean
  /** On every span and every series. */
  readonly attributes: Attributes
}

/** One kind of work. */
export interface WorkOptions extends Settings {
  /** The name of its spans. */
  readonly name: string
  readonly kind: Tracer.SpanKind
  /** The name of its histogram. */
  readonly duration: string
  readonly description: string
}

/** A failure in words of which there are few. */
export interface Failure {
  readonly attributes: Attributes
  /** What a span shows of it: not what was asked for, which may be in the message of the error itself. */
  readonly shown: () => Cause.Cause<unknown>
}

/** How work has ended. */
export interface Ending {
  readonly failure?: Failure | undefined
  /** For the span alone. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

type AnyFiber = Fiber.Fiber<unknown, unknown>
type Judge<A, E> = (exit: Exit.Exit<A, E>, fiber: AnyFiber) => Ending

export class Work {
  readonly #options: WorkOptions
  /** By failure. */
  readonly #durations = new Map<string, Metric.Histogram<number>>()

  constructor(options: WorkOptions) {
    this.#options = options
  }

  /** `attributes` are for the span alone. */
  measure<A, E, R>(
    asked: Effect.Effect<A, E, R>,
    judge: Judge<A, E>,
    attributes?: Readonly<Record<string, unknown>>
  ): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      if (!this.#isTraced(fiber)) return ending(asked, this.#begin(fiber, judge))
      return Effect.flatMap(this.#makeSpan(attributes), (span) =>
        ending(Effect.withParentSpan(asked, span, noStack), this.#begin(fiber, judge, span))
      )
    })
  }

  /** As `measure`, from when the first element is asked for until the stream ends, with what its reader does meanwhile. */
  measureStream<A, E, R>(asked: Stream.Stream<A, E, R>, judge: Judge<unknown, E>): Stream.Stream<A, E, R> {
    return Stream.unwrap(
      Effect.withFiber((fiber) =>
        Effect.map(this.#isTraced(fiber) ? this.#makeSpan() : Effect.undefined, (span) => {
          const end = this.#begin(fiber, judge, span)
          return Stream.onExit(asked, (exit) => Effect.sync(() => end(exit)))
        })
      )
    )
  }

  /** Effect's own tracer keeps spans to itself. */
  #isTraced(fiber: AnyFiber): boolean {
    return this.#options.spans && fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer
  }

  #makeSpan(more?: Readonly<Record<string, unknown>>): Effect.Effect<Tracer.Span> {
    const { attributes, kind, name } = this.#options
    return Effect.makeSpan(name, { kind, attributes: { ...attributes, ...more }, ...noStack })
  }

  /** Answers what the end is told to. */
  #begin<A, E>(fiber: AnyFiber, judge: Judge<A, E>, span?: Tracer.Span): (exit: Exit.Exit<A, E>) => void {
    const clock = fiber.getRef(Clock.Clock)
    const began = clock.monotonicTimeNanosUnsafe()
    return (exit) => {
      const { attributes, failure } = judge(exit, fiber)
      if (this.#options.metrics) {
        const seconds = Number(clock.monotonicTimeNanosUnsafe() - began) / 1e9
        this.#duration(failure).updateUnsafe(seconds, fiber.context)
      }
      if (span === undefined) return
      for (const [name, value] of Object.entries({ ...attributes, ...failure?.attributes })) span.attribute(name, value)
      span.end(clock.currentTimeNanosUnsafe(), failure === undefined ? Exit.void : Exit.failCause(failure.shown()))
    }
  }

  #duration(failure: Failure | undefined): Metric.Histogram<number> {
    const key = failure === undefined ? "" : Object.values(failure.attributes).join(" ")
    let histogram = this.#durations.get(key)
    if (histogram === undefined) {
      const { attributes, description, duration } = this.#options
      histogram = Metric.histogram(duration, {
        description,
        boundaries,
        attributes: { ...attributes, ...failure?.attributes, unit: "s" }
      })
      this.#durations.set(key, histogram)
    }
    return histogram
  }
}

const ending = <A, E, R>(asked: Effect.Effect<A, E, R>, end: (exit: Exit.Exit<A, E>) => void) =>
  Effect.onExitPrimitive(asked, (exit) => {
    end(exit)
    return undefined
  })

const noStack = { captureStackTrace: false }

/** In seconds, as advised for `db.client.operation.duration`. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
