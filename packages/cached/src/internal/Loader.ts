/**
 * Looks up keys that the cache does not have, each once at a time, and stores their values.
 *
 * @internal
 */

import { Context, Effect, Exit, type Fiber } from "effect"
import type { Caller } from "./Caller.ts"
import { Failures } from "./Failures.ts"
import { awaitAll, InFlightLookup } from "./InFlightLookup.ts"
import { underLease } from "./Lease.ts"
import { isOfOneKey } from "./Lookup.ts"
import { BackgroundLookups, type BatchedLookup, LookupBatch } from "./LookupBatch.ts"
import { elapsedOf, type LookupReason, type LookupRequest, nowOf } from "./LookupRequest.ts"
import { type LoaderParts, makeLookupRun } from "./LookupRun.ts"
import { CurrentWaits, type LookupWaits } from "./LookupWaits.ts"
import { type InTurn, nested } from "./Nesting.ts"
import type { Unstorable } from "./SchemaCodec.ts"
import type { Snapshot } from "./Snapshot.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The least time after which a lookup in the background is overdue, in milliseconds. */
const leastOverdue = 1_000

const noRequests: ReadonlySet<never> = new Set()

export type Loader<Key, A, Answer, E, R> = ReturnType<typeof makeLoader<Key, A, Answer, E, R>>

export const makeLoader = <Key, A, Answer, E, R>(parts: LoaderParts<Key, A, Answer, E, R>) => {
  type Batched = BatchedLookup<Key, Answer, E>
  type Lookups = ReadonlyArray<InFlightLookup<Answer, E>>

  const { counters, ensureGenerations, log, lookups, policy, snapshots, store, writes } = parts
  const failures = new Failures<E>(policy)
  const background = new BackgroundLookups()

  /** Ends a lookup. `json` is that of its value, where it can be written. */
  const settle = (
    { batch, lookup, text }: Batched,
    exit: Exit.Exit<Answer, E>,
    json?: string | Unstorable | undefined
  ): void => {
    if (lookup.exit !== undefined) return
    if (!lookup.isAbandoned) batch.settle()
    if (Exit.isFailure(exit)) lookups.remove(text, lookup)
    lookup.settle(exit, typeof json === "string" ? () => policy.schemaCodec().read(json) : undefined)
  }

  const observer = store.observe(policy.namespace, counters.live)
  const runParts = { ...parts, failures, observer, settle }

  /** True for a moment after a lookup failed, in which a key with a value to serve is not looked up again. */
  const isResting = (text: string, fiber: AnyFiber): boolean => failures.isResting(text, elapsedOf(fiber))

  /** Forgets lookups in flight, except for their subscribers, and recent failures: of some keys, or of all. */
  const outdate = (texts: Iterable<string> | undefined): void => {
    if (texts === undefined) failures.clear()
    else for (const text of texts) failures.delete(text)
    lookups.outdate(texts)
  }

  const join = (lookup: InFlightLookup<Answer, E>, reason: LookupReason): InFlightLookup<Answer, E> => {
    if (reason === "Background") return lookup
    if (reason === "Read" && lookup.exit === undefined) counters.add("joins")
    return lookup.join()
  }

  /** Makes a lookup the one of its key. */
  const reserve = (
    request: LookupRequest<Key>,
    reason: LookupReason,
    batch: LookupBatch,
    relayed: InFlightLookup<Answer, E> | undefined,
    isForItself: boolean,
    elapsed: number
  ): Batched => {
    const lookup = new InFlightLookup<Answer, E>(reason, lookups.tagChanges, () => {
      lookups.remove(request.text, lookup)
      batch.abandon()
    })
    lookup.relayed = relayed
    lookup.waits = batch.waits
    if (relayed !== undefined) batch.waits.add(relayed)
    if (reason === "Background") lookup.overdueAt = elapsed + Math.max(leastOverdue, 2 * (request.took ?? 0))
    else lookup.reserve()
    const replaced = lookups.replace(request.text, lookup)
    if (relayed === undefined && replaced?.exit === undefined) replaced?.outdate()
    return { ...request, lookup, batch, isForItself }
  }

  const lookUp = Effect.fnUntraced(function* (batched: ReadonlyArray<Batched>, reason: LookupReason) {
    const generations = yield* ensureGenerations(batched)
    for (const [index, { lookup }] of batched.entries()) lookups.begin(lookup, generations[index])
    const run = makeLookupRun<Key, A, Answer, E, R>(runParts, batched, reason, yield* Effect.context<never>())
    const failure = yield* run.lookUp
    if (reason === "Background" && failure !== undefined) {
      yield* log.warnOfLookup("A lookup in the background", failure)
    }
    for (const { batch } of batched) background.remove(batch)
    yield* run.finish
  })

  /** Reads the value of another process after the last subscriber came. */
  const readForAll = Effect.fnUntraced(function* ({ lookup, text }: Batched) {
    while (true) {
      const { reservations } = lookup
      const read = yield* snapshots.readMany([text])
      if (read?.[0]?.entry === undefined || lookup.reservations === reservations) return read
    }
  })

  const lookUpUnderLease = (each: Batched, before: Snapshot, reason: LookupReason): Effect.Effect<void, never, R> => {
    const codec = policy.schemaCodec()
    return underLease({
      store,
      key: policy.storeKeys().lease(each.text),
      life: policy.lease,
      snapshot: before,
      read: readForAll(each),
      settle: ({ entry, written }, now) => {
        const isNewer = entry !== undefined && written !== before.written && now < entry.freshUntil
        const answer = isNewer ? codec.answerOf(entry) : undefined
        if (answer === undefined) return false
        settle(each, answer, codec.write(answer.value))
        return true
      },
      lookUp: (snapshot) => lookUp([{ ...each, snapshot }], reason)
    })
  }

  /** Takes the value of a lookup in the background, if it comes in time. */
  const relay = Effect.fnUntraced(function* (each: Batched, relayed: InFlightLookup<Answer, E>) {
    yield* Effect.withFiber((fiber) =>
      Effect.timeoutOption(awaitAll([relayed]), Math.max(0, relayed.overdueAt - elapsedOf(fiber)))
    )
    const exit = relayed.take()
    if (exit === undefined || (Exit.isFailure(exit) && !isOfOneKey(exit.cause))) {
      relayed.outdate()
      each.lookup.relayed = undefined
      return yield* lookUp([each], "Read")
    }
    // Readers share it until its value is stored.
    if (lookups.has(each.text, each.lookup) && !relayed.isOver) lookups.replace(each.text, relayed)
    settle(each, exit, Exit.isSuccess(exit) ? policy.schemaCodec().write(exit.value) : undefined)
  })

  const lookUpBy = (batched: ReadonlyArray<Batched>, reason: LookupReason): Effect.Effect<void, never, R> => {
    const [each] = batched
    if (each?.lookup.relayed !== undefined) return relay(each, each.lookup.relayed)
    const isLeased = policy.lease > 0 && reason !== "Refresh" && batched.length === 1
    return isLeased && each?.snapshot !== undefined
      ? lookUpUnderLease(each, each.snapshot, reason)
      : lookUp(batched, reason)
  }

  /** Runs a batch. Its lookups stay in flight until their values are stored, so that a reader in between begins no other. */
  const run = (batched: ReadonlyArray<Batched>, reason: LookupReason, inTurn: InTurn) => {
    const inBackground = reason === "Background" ? batched.length : 0
    return Effect.suspend(() => {
      background.begin(inBackground)
      counters.add("refreshes", inBackground)
      return inTurn(lookUpBy(batched, reason))
    }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          background.end(inBackground)
          for (const each of batched) {
            background.remove(each.batch)
            each.batch.waits.end()
            each.lookup.isOver = true
            if (Exit.isFailure(exit)) settle(each, Exit.failCause(exit.cause))
            lookups.end(each.text, each.lookup)
          }
        })
      )
    )
  }

  const start = (batched: ReadonlyArray<Batched>, reason: LookupReason, caller: Caller<R>): void => {
    for (const { batch, lookup } of batched) {
      batch.add(lookup.overdueAt)
      if (reason === "Background") background.add(batch, caller.bound)
    }
    const [first] = batched
    first?.batch.waits.begin(lookups, batched.length, first.text)
    const services = reason === "Background" ? caller.backgroundContext : caller.context
    const context = Context.add(services, CurrentWaits, first?.batch.waits)
    const fiber = nested((inTurn) => Effect.runForkWith(context)(run(batched, reason, inTurn)))
    for (const { batch } of batched) batch.runBy(fiber)
  }

  /** The requests of a reader whose lookup in flight waits for a lookup that the reader reads for. */
  const circularOf = (
    requests: ReadonlyArray<LookupRequest<Key>>,
    now: number,
    outer: ReadonlyArray<LookupWaits>
  ): ReadonlySet<LookupRequest<Key>> => {
    if (outer.length === 0) return noRequests
    const isCircular = (request: LookupRequest<Key>) => {
      const lookup = lookups.shared(request, now)
      return (
        lookup?.exit === undefined &&
        outer.some((waits) => lookup?.waits?.reach(waits)) &&
        !outer.some((waits) => waits.areOf(lookups, request.text))
      )
    }
    return new Set(requests.filter(isCircular))
  }

  /** Begins lookups of keys, together, where there is none to share. Returns those in flight, in the order of the keys. */
  const begin = (
    requests: ReadonlyArray<LookupRequest<Key>>,
    reason: LookupReason,
    caller: Caller<R>,
    isForItself = false
  ): Lookups => {
    const now = nowOf(caller.fiber)
    const elapsed = elapsedOf(caller.fiber)
    // Nobody waits for a lookup in the background to end.
    const outer = reason === "Background" ? [] : caller.waits
    const circular = circularOf(requests, now, outer)
    // A lookup of keys that reads the same ones would look them up without end, unless it came to an end by single ones.
    const isSmaller = outer.every(({ size }) => circular.size < size)
    const batch = new LookupBatch(outer)
    const together: Array<Batched> = []
    const alone: Array<Batched> = []
    const begun = requests.map((request) => {
      const isCircular = circular.has(request)
      const shareable = isCircular ? undefined : lookups.shared(request, now)
      // The value of a refresh is stored or forgotten, which other lookups do not ensure.
      const shared = reason !== "Refresh" || shareable?.reason === "Refresh" ? shareable : undefined
      // A reader without a value waits for a lookup in the background only for its usual time.
      const waitedFor = reason === "Read" && shared?.isInBackground && shared.exit === undefined ? shared : undefined
      if (shared !== undefined && waitedFor === undefined) return join(shared, reason)
      const failure = reason === "Read" ? failures.exitOf(request.text, elapsed, lookups.tagChanges) : undefined
      if (failure !== undefined) return InFlightLookup.ended<Answer, E>(failure)
      const relayed = waitedFor !== undefined && elapsed < waitedFor.overdueAt ? waitedFor : undefined
      const isAlone = relayed !== undefined || (isCircular && !isSmaller)
      const own = isAlone ? new LookupBatch(outer) : batch
      const each = reserve(request, reason, own, relayed, isForItself, elapsed)
      if (isAlone) alone.push(each)
      else together.push(each)
      return each.lookup
    })
    for (const waits of outer) for (const lookup of begun) waits.add(lookup)
    for (const each of alone) start([each], reason, caller)
    if (together.length > 0) start(together, reason, caller)
    return begun
  }

  return {
    begin,
    isResting,
    outdate,

    /** As `outdate`, for a key that is about to be refreshed: another refresh of it counts until this one has a value. */
    outdateForRefresh: (text: string): void => {
      if (lookups.isRefreshing(text)) {
        failures.delete(text)
        lookups.removeAny(text)
      } else outdate([text])
    },

    /** True while a newer value of a key than the entry in the cache is on its way into it. */
    isWriting: (text: string): boolean => writes.has(text),

    /** Ends lookups in the background that run with the services of one binding, and waits for the writes that have begun. */
    close: (bound: Context.Context<R>): Effect.Effect<void> =>
      Effect.suspend(() => {
        background.interrupt(bound)
        return writes.awaitAll
      }),

    /**
     * Begins lookups in the background, within bounds, of keys with a value to serve meanwhile. None for a key whose lookup
     * failed a moment ago.
     */
    refresh: (requests: ReadonlyArray<LookupRequest<Key>>, caller: Caller<R>): Array<Lookups[number] | undefined> => {
      const places = background.places(requests.length, elapsedOf(caller.fiber))
      const begun = requests.filter(({ text }) => !isResting(text, caller.fiber)).slice(0, places)
      const byRequest = new Map(begin(begun, "Background", caller).map((lookup, index) => [begun[index], lookup]))
      return requests.map((request) => byRequest.get(request))
    }
  }
}
