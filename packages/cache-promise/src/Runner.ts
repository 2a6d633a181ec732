/**
 * Runs the effects of a cache as promises.
 *
 * @internal
 */
import { CacheError, type CacheOperation } from "@hexcache/cache-port"
import { Cause, type Context, Effect, Exit, Stream } from "effect"
import type { CacheAnswer, CacheFailures } from "./CacheResult.ts"
import { type CallOptions, flawOf, refusalOf } from "./CallOptions.ts"
import { toRejection } from "./LookupErrors.ts"

export class Runner<Failures extends CacheFailures> {
  readonly #failures: CacheFailures
  readonly context: Context.Context<never>
  readonly #run: <A, E>(asked: Effect.Effect<A, E>) => ReturnType<typeof Effect.runFork<A, E>>

  constructor(context: Context.Context<never>, failures: Failures) {
    this.#failures = failures
    this.context = context
    this.#run = Effect.runForkWith(context)
  }

  ask<A, B>(
    operation: CacheOperation,
    asked: Effect.Effect<A, CacheError>,
    read: (answer: A) => B,
    options: CallOptions | undefined
  ): Promise<CacheAnswer<B, Failures>> {
    const refusal = options === undefined ? undefined : refusalOf(operation, options)
    return refusal === undefined
      ? this.#ask(asked, read, options?.signal)
      : this.#ask(Effect.fail(refusal), read, undefined)
  }

  /** The same without results for failures. */
  throwing(): Runner<"throw"> {
    return new Runner(this.context, "throw")
  }

  /** Runs what fails with errors of the program. */
  attempt<A, B>(
    asked: Effect.Effect<A, unknown>,
    read: (answer: A) => B,
    options: CallOptions | undefined
  ): Promise<CacheAnswer<B, Failures>> {
    const flaw = options === undefined ? undefined : flawOf(options)
    return flaw === undefined
      ? this.#ask(Effect.mapError(asked, toRejection), read, options?.signal)
      : this.#ask(Effect.fail(new TypeError(`Cached: ${flaw}`)), read, undefined)
  }

  #ask<A, B>(
    asked: Effect.Effect<A, unknown>,
    read: (answer: A) => B,
    signal: AbortSignal | undefined
  ): Promise<CacheAnswer<B, Failures>> {
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.#run(asked).addObserver((exit) => this.#settle(exit, read, resolve, reject))
        return
      }
      signal.throwIfAborted()
      const fiber = this.#run(asked)
      const takeBack = () => {
        reject(signal.reason)
        fiber.interruptUnsafe()
      }
      signal.addEventListener("abort", takeBack, { once: true })
      fiber.addObserver((exit) => {
        signal.removeEventListener("abort", takeBack)
        this.#settle(exit, read, resolve, reject)
      })
    })
  }

  each<A>(
    operation: CacheOperation,
    asked: Stream.Stream<A, CacheError>,
    options: CallOptions | undefined
  ): AsyncGenerator<CacheAnswer<A, Failures>, void, undefined> {
    const refusal = options === undefined ? undefined : refusalOf(operation, options)
    return refusal === undefined ? this.#each(asked, options?.signal) : this.#each(Stream.fail(refusal), undefined)
  }

  async *#each<A>(
    asked: Stream.Stream<A, CacheError>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<CacheAnswer<A, Failures>, void, undefined> {
    const taken = signal === undefined ? asked : Stream.interruptWhen(asked, aborted(signal))
    try {
      signal?.throwIfAborted()
      for await (const answer of Stream.toAsyncIterableWith(taken, this.context)) {
        signal?.throwIfAborted()
        yield this.#succeed(answer)
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!this.#isResult(error)) throw error
      yield failed(error)
    }
    signal?.throwIfAborted()
  }

  #settle<A, B>(
    exit: Exit.Exit<A, unknown>,
    read: (answer: A) => B,
    resolve: (answer: CacheAnswer<B, Failures>) => void,
    reject: (reason: unknown) => void
  ): void {
    if (Exit.isSuccess(exit)) {
      resolve(this.#succeed(read(exit.value)))
      return
    }
    const error = Cause.squash(exit.cause)
    if (this.#isResult(error)) resolve(failed(error))
    else reject(error)
  }

  #isResult(error: unknown): error is CacheError {
    return this.#failures === "result" && error instanceof CacheError
  }

  #succeed<A>(value: A): CacheAnswer<A, Failures> {
    return (this.#failures === "result" ? { ok: true, value } : value) as CacheAnswer<A, Failures>
  }
}

/** Only where failures are results. */
const failed = (error: CacheError) => ({ ok: false, error }) as CacheAnswer<never, never>

const aborted = (signal: AbortSignal): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (signal.aborted) return resume(Effect.void)
    const end = () => resume(Effect.void)
    signal.addEventListener("abort", end, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", end))
  })
