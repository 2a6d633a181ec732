/**
 * The rules by which a read chooses between an entry, a lookup and an older value. Counts each value that they return.
 *
 * @internal
 */
import { Effect, Exit, type Fiber, Random } from "effect"
import type { Counters } from "./Counters.ts"
import type { Entry } from "./Envelope.ts"
import { judge } from "./Freshness.ts"
import { awaitAll, type InFlightLookup } from "./InFlightLookup.ts"
import type { InFlightLookups } from "./InFlightLookups.ts"
import { type LookupRequest, nowOf, type ReadValue, type StaleRead } from "./LookupRequest.ts"
import type { NamespaceLog } from "./NamespaceLog.ts"
import type { Policy } from "./Policy.ts"
import type { Snapshot } from "./Snapshot.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

export type ReadRules<Key, A, Answer, E, R> = ReturnType<typeof makeReadRules<Key, A, Answer, E, R>>

export const makeReadRules = <Key, A, Answer, E, R>(
  { answers, beta, schemaCodec, softLookupTimeout }: Policy<Key, A, Answer, E, R>,
  counters: Counters,
  lookups: InFlightLookups<Answer, E>,
  log: NamespaceLog
) => ({
  /** The value of an entry; undefined where it is no longer served, or its schema refuses it. */
  valueOf: (entry: Entry | undefined, fiber: AnyFiber): ReadValue<Answer> | undefined => {
    if (entry === undefined) return undefined
    const random = () => fiber.getRef(Random.Random).nextDoubleUnsafe()
    const freshness = judge(entry, nowOf(fiber), beta, random)
    if (freshness === "Expired") return undefined
    const answer = schemaCodec().answerOf(entry)
    return answer && { freshness, answer, servedUntil: entry.servedUntil, took: entry.took }
  },

  /** Takes the value of a lookup that had ended when its reader came, if it is as good as one in the cache. */
  takeEnded: (
    lookup: InFlightLookup<Answer, E> | undefined,
    snapshot: Snapshot | undefined,
    fiber: AnyFiber
  ): Exit.Exit<Answer, E> | undefined => {
    if (lookup === undefined || !lookups.isCurrent(lookup, snapshot, nowOf(fiber))) return undefined
    counters.hit()
    return lookup.take()
  },

  /** Counts a key that the cache does not have; its value may be on its way into it. */
  countMiss: (request: LookupRequest<Key>, fiber: AnyFiber): void => {
    if (lookups.shared(request, nowOf(fiber))?.exit === undefined) counters.miss()
    else counters.hit()
  },

  /** Waits for newer values than the stale ones, as long as a reader who came at `since` would. */
  awaitNewer: (
    refreshing: ReadonlyArray<InFlightLookup<Answer, E> | undefined>,
    stale: ReadonlyArray<StaleRead<Key, Answer>>,
    since: number,
    fiber: AnyFiber
  ): Effect.Effect<unknown> => {
    const newer = softLookupTimeout === 0 ? [] : refreshing.flatMap((lookup) => lookup ?? [])
    if (newer.length === 0) return Effect.void
    const end = stale.reduce((end, { servedUntil }) => Math.min(end, servedUntil), since + softLookupTimeout)
    return Effect.timeoutOption(awaitAll(newer), Math.max(0, end - nowOf(fiber)))
  },

  /** The value that was looked up meanwhile, else the stale one, unless its time is over. */
  takeNewer: (
    { answer, servedUntil }: StaleRead<Key, Answer>,
    refreshing: InFlightLookup<Answer, E> | undefined,
    fiber: AnyFiber
  ): Exit.Success<Answer, E> | undefined => {
    const isNewer = refreshing?.exit !== undefined && Exit.isSuccess(refreshing.exit)
    const exit = isNewer ? refreshing.take() : undefined
    if (exit !== undefined && Exit.isSuccess(exit)) {
      counters.miss()
      return exit
    }
    if (nowOf(fiber) >= servedUntil) return undefined
    counters.stale()
    return answer
  },

  /** The exit of a lookup that has ended; where that failed the expired value, unless its time is over. */
  takeOrFallback: (
    { answer, servedUntil }: StaleRead<Key, Answer>,
    lookup: InFlightLookup<Answer, E>,
    fiber: AnyFiber
  ): Effect.Effect<Exit.Exit<Answer, E>> => {
    const exit = lookup.take() as Exit.Exit<Answer, E>
    if (Exit.isSuccess(exit) || exit === answers.absent || nowOf(fiber) >= servedUntil) {
      counters.miss()
      return Effect.succeed(exit)
    }
    counters.stale()
    return Effect.as(log.warnOfLookup("A lookup", exit.cause), answer)
  }
})
