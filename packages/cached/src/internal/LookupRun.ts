/**
 * One run of a batch of lookups: settles each as it ends, and stores its value.
 *
 * @internal
 */
import type { Observer } from "@hexcache/cache-port/internal"
import { type Cause, Clock, Context, Effect, Exit, Fiber, Option, Random } from "effect"
import type { Counters } from "./Counters.ts"
import { type EntryWriter, isStorable, type LookupResult } from "./EntryWriter.ts"
import * as Envelope from "./Envelope.ts"
import type { Failures } from "./Failures.ts"
import type { InFlightLookup } from "./InFlightLookup.ts"
import type { InFlightLookups } from "./InFlightLookups.ts"
import type { LookupHandler } from "./Lookup.ts"
import type { BatchedLookup } from "./LookupBatch.ts"
import type { EnsureGenerations } from "./LookupGenerations.ts"
import { elapsedBy, type LookupReason } from "./LookupRequest.ts"
import type { LookupWrites } from "./LookupWrites.ts"
import type { NamespaceLog } from "./NamespaceLog.ts"
import type { Policy } from "./Policy.ts"
import type { Unstorable } from "./SchemaCodec.ts"
import type { SnapshotReader } from "./SnapshotReader.ts"
import type { Store } from "./Store.ts"

/** The parts of a `Cached` that its lookups use. */
export interface LoaderParts<Key, A, Answer, E, R> {
  readonly policy: Policy<Key, A, Answer, E, R>
  readonly counters: Counters
  readonly store: Store
  readonly snapshots: SnapshotReader
  readonly ensureGenerations: EnsureGenerations
  readonly writer: EntryWriter<Key, A, Answer>
  readonly lookups: InFlightLookups<Answer, E>
  readonly log: NamespaceLog
}

/** The parts that the runs of a loader share. */
export interface RunParts<Key, A, Answer, E, R> extends LoaderParts<Key, A, Answer, E, R> {
  readonly failures: Failures<E>
  readonly observer: Observer | undefined
  readonly writes: LookupWrites
  /** Ends a lookup, whose value has this JSON. */
  readonly settle: (
    each: BatchedLookup<Key, Answer, E>,
    exit: Exit.Exit<Answer, E>,
    json?: string | Unstorable | undefined
  ) => void
}

/** A value that is settled once its write has begun. */
interface SettledLater<Answer, E> extends LookupResult {
  readonly lookup: InFlightLookup<Answer, E>
  readonly settle: () => void
}

/** Values of lookups that ended before others of their run, and their write. */
interface EarlyValues<Answer, E> {
  /** True if the write follows others. Its values settle at once, and the others when their write has begun. */
  readonly isWaiting: boolean
  readonly results: Array<SettledLater<Answer, E>>
  readonly storing: Fiber.Fiber<void>
}

export class LookupRun<Key, A, Answer, E, R> {
  readonly #parts: RunParts<Key, A, Answer, E, R>
  readonly #reason: LookupReason
  readonly #context: Context.Context<never>
  readonly #clock: Clock.Clock
  readonly #byKey: ReadonlyMap<Key, BatchedLookup<Key, Answer, E>>
  readonly #began: number
  /** Values that the end of the run stores. */
  readonly #results: Array<SettledLater<Answer, E>> = []
  #failure: Cause.Cause<E> | undefined
  /** Early values whose write has not begun. */
  #early: EarlyValues<Answer, E> | undefined
  /** The last write of early values, which ends behind those before it. */
  #storing: Fiber.Fiber<void> | undefined

  constructor(
    parts: RunParts<Key, A, Answer, E, R>,
    batch: ReadonlyArray<BatchedLookup<Key, Answer, E>>,
    reason: LookupReason,
    context: Context.Context<never>
  ) {
    this.#parts = parts
    this.#reason = reason
    this.#context = context
    this.#clock = Context.get(context, Clock.Clock)
    this.#byKey = new Map(batch.map((each) => [each.key, each]))
    this.#began = elapsedBy(this.#clock)
  }

  /** Looks the keys up, and succeeds with their first failure. */
  lookUp(): Effect.Effect<Cause.Cause<E> | undefined, never, R> {
    const { counters, observer, policy } = this.#parts
    const keys = Array.from(this.#byKey.keys())
    counters.add("lookups", keys.length)
    const lookingUp = policy.lookUp(keys, this.#handler)
    return Effect.map(observer?.lookUp(lookingUp, () => this.#failure) ?? lookingUp, () => this.#failure)
  }

  /** Stores the values, and waits for the writes. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() => {
    const storing = this.#results.length > 0 ? Effect.uninterruptible(this.#store(this.#results, true)) : Effect.void
    return this.#storing === undefined ? storing : Effect.andThen(storing, Fiber.await(this.#storing))
  })

  get #handler(): LookupHandler<Key, A, Answer, E> {
    return {
      isInBackground: this.#reason === "Background",
      onExit: (key, exit, isEarly) => {
        const each = this.#byKey.get(key)
        if (each !== undefined) this.#onExit(each, exit, isEarly)
      },
      isForItself: (key) => {
        const each = this.#byKey.get(key)
        return each?.lookup.isAwaited === true && (each.isForItself || each.lookup.isJoined)
      },
      previousOf: (key) => {
        const snapshot = this.#byKey.get(key)?.snapshot
        if (snapshot?.entry === undefined || snapshot.written === undefined) return Option.none()
        const { answers, codec, schemaCodec } = this.#parts.policy
        const entry = Envelope.decode(snapshot.written, codec)
        const answer = entry && schemaCodec().answerOf(entry)
        return answer === undefined ? Option.none() : answers.valueOf(answer.value)
      }
    }
  }

  #onExit(each: BatchedLookup<Key, Answer, E>, exit: Exit.Exit<Answer, E>, isEarly: boolean): void {
    const { counters, failures, policy, writer } = this.#parts
    const { key, lookup, snapshot, text } = each
    if (Exit.isFailure(exit)) {
      counters.add("lookupFailures")
      this.#failure ??= exit.cause
      if (!lookup.isOutdated) failures.add(text, exit.cause, elapsedBy(this.#clock), lookup.tagChanges)
      this.#parts.settle(each, exit)
      return
    }
    failures.delete(text)
    if (this.#reason === "Refresh") this.#parts.lookups.supersede(text, lookup)
    const json = policy.schemaCodec().write(exit.value)
    const { generations } = lookup
    if (generations === undefined && this.#reason !== "Refresh") {
      this.#parts.settle(each, exit, json)
      return
    }
    const random = Context.get(this.#context, Random.Random)
    const now = this.#clock.currentTimeMillisUnsafe()
    const took = Math.round(elapsedBy(this.#clock) - this.#began)
    const times = { took, now, random: () => random.nextDoubleUnsafe() }
    const entry = writer.toEntry(key, text, exit.value, json, times)
    const settle = () => this.#parts.settle(each, exit, json)
    const result = { text, snapshot, generations, entry, lookup, settle }
    if (generations !== undefined) lookup.freshUntil = isStorable(entry) ? entry.freshUntil : now
    if (isEarly) this.#storeEarly(result)
    else this.#results.push(result)
  }

  /** Stores a value together with those that end at the same moment, or before the write of earlier ones is over. */
  #storeEarly(result: SettledLater<Answer, E>): void {
    const { store, writes } = this.#parts
    const last = writes.lastOf([result.text])
    // A write waits only for writes that began to wait before it, so that no two wait for each other.
    if (this.#early === undefined || last.size > 0) this.#early = this.#beginEarly(last)
    const { isWaiting, results, storing } = this.#early
    results.push(result)
    if (!isWaiting) return
    store.finishBeforeClose(storing)
    writes.add(storing, [result.text])
    result.settle()
  }

  #beginEarly(last: Iterable<Fiber.Fiber<unknown>>): EarlyValues<Answer, E> {
    const results: Array<SettledLater<Answer, E>> = []
    const earlier = [...last]
    if (this.#storing !== undefined && this.#storing.pollUnsafe() === undefined) earlier.push(this.#storing)
    const isWaiting = earlier.length > 0
    const storing = Effect.runForkWith(this.#context)(
      Effect.gen({ self: this }, function* () {
        yield* Effect.yieldNow
        yield* Effect.forEach(earlier, Fiber.await, { discard: true })
        if (this.#early?.results === results) this.#early = undefined
        yield* this.#store(results, !isWaiting)
      })
    )
    this.#storing = storing
    return { isWaiting, results, storing }
  }

  /** Begins the write before it settles: a reader that then reads the cache finds the value. */
  readonly #store = Effect.fnUntraced(function* (
    this: LookupRun<Key, A, Answer, E, R>,
    results: ReadonlyArray<SettledLater<Answer, E>>,
    isToSettle: boolean
  ) {
    const { lookups, store, writer, writes } = this.#parts
    const texts = results.map(({ text }) => text)
    // After earlier writes of the keys: no older value follows a refresh into the cache.
    const earlier = isToSettle ? writes.lastOf(texts) : []
    const storing = Effect.andThen(Effect.forEach(earlier, Fiber.await, { discard: true }), writer.store(results))
    const writing = yield* Effect.forkChild(storing, { startImmediately: true })
    store.finishBeforeClose(writing)
    writes.add(writing, texts)
    if (isToSettle) for (const { settle } of results) settle()
    yield* Fiber.await(writing)
    for (const { lookup, text } of results) lookups.remove(text, lookup)
  })
}
