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
  readonly writes: LookupWrites
  readonly lookups: InFlightLookups<Answer, E>
  readonly log: NamespaceLog
}

/** The parts that the runs of a loader share. */
export interface RunParts<Key, A, Answer, E, R> extends LoaderParts<Key, A, Answer, E, R> {
  readonly failures: Failures<E>
  readonly observer: Observer | undefined
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
  readonly values: Array<SettledLater<Answer, E>>
  readonly storing: Fiber.Fiber<void>
}

/** Looks up a batch of keys, in the context of its fiber. */
export const makeLookupRun = <Key, A, Answer, E, R>(
  parts: RunParts<Key, A, Answer, E, R>,
  batch: ReadonlyArray<BatchedLookup<Key, Answer, E>>,
  reason: LookupReason,
  context: Context.Context<never>
) => {
  const { counters, failures, lookups, observer, policy, store, writer, writes } = parts
  const clock = Context.get(context, Clock.Clock)
  const began = elapsedBy(clock)
  const byKey: ReadonlyMap<Key, BatchedLookup<Key, Answer, E>> = new Map(batch.map((each) => [each.key, each]))
  /** Values that the end of the run stores. */
  const results: Array<SettledLater<Answer, E>> = []
  let failure: Cause.Cause<E> | undefined
  /** Early values whose write has not begun. */
  let early: EarlyValues<Answer, E> | undefined
  /** The last write of early values, which ends behind those before it. */
  let lastStoring: Fiber.Fiber<void> | undefined

  /** Begins the write before it settles: a reader that then reads the cache finds the value. */
  const storeValues = Effect.fnUntraced(function* (
    values: ReadonlyArray<SettledLater<Answer, E>>,
    isToSettle: boolean
  ) {
    const texts = values.map(({ text }) => text)
    // After earlier writes of the keys: no older value follows a refresh into the cache.
    const earlier = isToSettle ? writes.lastOf(texts) : []
    const storing = Effect.andThen(Effect.forEach(earlier, Fiber.await, { discard: true }), writer.store(values))
    const writing = yield* Effect.forkChild(storing, { startImmediately: true })
    store.finishBeforeClose(writing)
    writes.add(writing, texts)
    if (isToSettle) for (const { settle } of values) settle()
    yield* Fiber.await(writing)
    for (const { lookup, text } of values) lookups.remove(text, lookup)
  })

  const beginEarly = (last: Iterable<Fiber.Fiber<unknown>>): EarlyValues<Answer, E> => {
    const values: Array<SettledLater<Answer, E>> = []
    const earlier = [...last]
    if (lastStoring !== undefined && lastStoring.pollUnsafe() === undefined) earlier.push(lastStoring)
    const isWaiting = earlier.length > 0
    const storing = Effect.runForkWith(context)(
      Effect.gen(function* () {
        yield* Effect.yieldNow
        yield* Effect.forEach(earlier, Fiber.await, { discard: true })
        if (early?.values === values) early = undefined
        yield* storeValues(values, !isWaiting)
      })
    )
    lastStoring = storing
    return { isWaiting, values, storing }
  }

  /** Stores a value together with those that end at the same moment, or before the write of earlier ones is over. */
  const storeEarly = (result: SettledLater<Answer, E>): void => {
    const last = writes.lastOf([result.text])
    // A write waits only for writes that began to wait before it, so that no two wait for each other.
    if (early === undefined || last.size > 0) early = beginEarly(last)
    early.values.push(result)
    if (!early.isWaiting) return
    store.finishBeforeClose(early.storing)
    writes.add(early.storing, [result.text])
    result.settle()
  }

  const onExit = (each: BatchedLookup<Key, Answer, E>, exit: Exit.Exit<Answer, E>, isEarly: boolean): void => {
    const { key, lookup, snapshot, text } = each
    if (Exit.isFailure(exit)) {
      counters.add("lookupFailures")
      failure ??= exit.cause
      if (!lookup.isOutdated) failures.add(text, exit.cause, elapsedBy(clock), lookup.tagChanges)
      parts.settle(each, exit)
      return
    }
    failures.delete(text)
    if (reason === "Refresh") lookups.supersede(text, lookup)
    const json = policy.schemaCodec().write(exit.value)
    const settle = () => parts.settle(each, exit, json)
    const { generations } = lookup
    if (generations === undefined && reason !== "Refresh") {
      settle()
      return
    }
    const random = Context.get(context, Random.Random)
    const now = clock.currentTimeMillisUnsafe()
    const took = Math.round(elapsedBy(clock) - began)
    const times = { took, now, random: () => random.nextDoubleUnsafe() }
    const entry = writer.toEntry(key, text, exit.value, json, times)
    const result = { text, snapshot, generations, entry, lookup, settle }
    if (generations !== undefined) lookup.freshUntil = isStorable(entry) ? entry.freshUntil : now
    if (isEarly) storeEarly(result)
    else results.push(result)
  }

  const handler: LookupHandler<Key, A, Answer, E> = {
    isInBackground: reason === "Background",
    onExit: (key, exit, isEarly) => {
      const each = byKey.get(key)
      if (each !== undefined) onExit(each, exit, isEarly)
    },
    isForItself: (key) => {
      const each = byKey.get(key)
      return each?.lookup.isAwaited === true && (each.isForItself || each.lookup.isJoined)
    },
    previousOf: (key) => {
      const snapshot = byKey.get(key)?.snapshot
      if (snapshot?.entry === undefined || snapshot.written === undefined) return Option.none()
      const entry = Envelope.decode(snapshot.written, policy.codec)
      const answer = entry && policy.schemaCodec().answerOf(entry)
      return answer === undefined ? Option.none() : policy.answers.valueOf(answer.value)
    }
  }

  return {
    /** Looks the keys up, and succeeds with their first failure. */
    lookUp: Effect.suspend(() => {
      const keys = Array.from(byKey.keys())
      counters.add("lookups", keys.length)
      const lookingUp = policy.lookUp(keys, handler)
      return Effect.map(observer?.lookUp(lookingUp, () => failure) ?? lookingUp, () => failure)
    }),

    /** Stores the values, and waits for the writes. */
    finish: Effect.suspend(() => {
      const storing = results.length > 0 ? Effect.uninterruptible(storeValues(results, true)) : Effect.void
      return lastStoring === undefined ? storing : Effect.andThen(storing, Fiber.await(lastStoring))
    })
  }
}
