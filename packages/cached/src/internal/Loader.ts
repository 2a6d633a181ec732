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
import { type LoaderParts, LookupRun, type RunParts } from "./LookupRun.ts"
import { CurrentWaits, type LookupWaits } from "./LookupWaits.ts"
import { LookupWrites } from "./LookupWrites.ts"
import { type InTurn, nested } from "./Nesting.ts"
import type { Unstorable } from "./SchemaCodec.ts"
import type { Snapshot } from "./Snapshot.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The least time after which a lookup in the background is overdue, in milliseconds. */
const leastOverdue = 1_000

const noRequests: ReadonlySet<never> = new Set()

export class Loader<Key, A, Answer, E, R> {
  readonly #parts: LoaderParts<Key, A, Answer, E, R>
  readonly #runParts: RunParts<Key, A, Answer, E, R>
  readonly #failures: Failures<E>
  readonly #background = new BackgroundLookups()
  readonly #writes = new LookupWrites()

  constructor(parts: LoaderParts<Key, A, Answer, E, R>) {
    const { counters, policy, store } = parts
    this.#parts = parts
    this.#failures = new Failures(policy)
    this.#runParts = {
      ...parts,
      failures: this.#failures,
      writes: this.#writes,
      observer: store.observe(policy.namespace, counters.live),
      settle: (each, exit, json) => this.#settle(each, exit, json)
    }
  }

  /** Forgets lookups in flight, except for their subscribers, and recent failures: of some keys, or of all. */
  outdate(texts: Iterable<string> | undefined): void {
    if (texts === undefined) this.#failures.clear()
    else for (const text of texts) this.#failures.delete(text)
    this.#parts.lookups.outdate(texts)
  }

  /** As `outdate`, for a key that is about to be refreshed: another refresh of it counts until this one has a value. */
  outdateForRefresh(text: string): void {
    if (this.#parts.lookups.isRefreshing(text)) {
      this.#failures.delete(text)
      this.#parts.lookups.removeAny(text)
    } else this.outdate([text])
  }

  /** True while a newer value of a key than the entry in the cache is on its way into it. */
  isWriting(text: string): boolean {
    return this.#writes.has(text)
  }

  /** True for a moment after a lookup failed, in which a key with a value to serve is not looked up again. */
  isResting(text: string, fiber: AnyFiber): boolean {
    return this.#failures.isResting(text, elapsedOf(fiber))
  }

  /** Ends lookups in the background that run with the services of one binding, and waits for the writes that have begun. */
  close(bound: Context.Context<R>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#background.interrupt(bound)
      return this.#writes.awaitAll
    })
  }

  /** Begins lookups of keys, together, where there is none to share. Returns those in flight, in the order of the keys. */
  begin(
    requests: ReadonlyArray<LookupRequest<Key>>,
    reason: LookupReason,
    caller: Caller<R>,
    isForItself = false
  ): ReadonlyArray<InFlightLookup<Answer, E>> {
    const now = nowOf(caller.fiber)
    const elapsed = elapsedOf(caller.fiber)
    // Nobody waits for a lookup in the background to end.
    const outer = reason === "Background" ? [] : caller.waits
    const circular = this.#circularOf(requests, now, outer)
    // A lookup of keys that reads the same ones would look them up without end, unless it came to an end by single ones.
    const isSmaller = outer.every(({ size }) => circular.size < size)
    const batch = new LookupBatch(outer)
    const together: Array<BatchedLookup<Key, Answer, E>> = []
    const alone: Array<BatchedLookup<Key, Answer, E>> = []
    const lookups = requests.map((request) => {
      const isCircular = circular.has(request)
      const shareable = isCircular ? undefined : this.#parts.lookups.shared(request, now)
      // The value of a refresh is stored or forgotten, which other lookups do not ensure.
      const shared = reason !== "Refresh" || shareable?.reason === "Refresh" ? shareable : undefined
      // A reader without a value waits for a lookup in the background only for its usual time.
      const background = reason === "Read" && shared?.isInBackground && shared.exit === undefined ? shared : undefined
      if (shared !== undefined && background === undefined) return this.#join(shared, reason)
      const failure = reason === "Read" ? this.#failureOf(request.text, elapsed) : undefined
      if (failure !== undefined) return InFlightLookup.ended<Answer, E>(failure)
      const relayed = background !== undefined && elapsed < background.overdueAt ? background : undefined
      const isAlone = relayed !== undefined || (isCircular && !isSmaller)
      const own = isAlone ? new LookupBatch(outer) : batch
      const each = this.#reserve(request, reason, own, relayed, isForItself, elapsed)
      if (isAlone) alone.push(each)
      else together.push(each)
      return each.lookup
    })
    for (const waits of outer) for (const lookup of lookups) waits.add(lookup)
    for (const each of alone) this.#start([each], reason, caller)
    if (together.length > 0) this.#start(together, reason, caller)
    return lookups
  }

  /** The requests of a reader whose lookup in flight waits for a lookup that the reader reads for. */
  #circularOf(
    requests: ReadonlyArray<LookupRequest<Key>>,
    now: number,
    outer: ReadonlyArray<LookupWaits>
  ): ReadonlySet<LookupRequest<Key>> {
    if (outer.length === 0) return noRequests
    const { lookups } = this.#parts
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

  #failureOf(text: string, elapsed: number): Exit.Exit<never, E> | undefined {
    return this.#failures.exitOf(text, elapsed, this.#parts.lookups.tagChanges)
  }

  #join(lookup: InFlightLookup<Answer, E>, reason: LookupReason): InFlightLookup<Answer, E> {
    if (reason === "Background") return lookup
    if (reason === "Read" && lookup.exit === undefined) this.#parts.counters.add("joins")
    return lookup.join()
  }

  /** Makes a lookup the one of its key. */
  #reserve(
    request: LookupRequest<Key>,
    reason: LookupReason,
    batch: LookupBatch,
    relayed: InFlightLookup<Answer, E> | undefined,
    isForItself: boolean,
    elapsed: number
  ): BatchedLookup<Key, Answer, E> {
    const { lookups } = this.#parts
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

  /**
   * Begins lookups in the background, within bounds, of keys with a value to serve meanwhile. None for a key whose lookup
   * failed a moment ago.
   */
  refresh(
    requests: ReadonlyArray<LookupRequest<Key>>,
    caller: Caller<R>
  ): ReadonlyArray<InFlightLookup<Answer, E> | undefined> {
    const elapsed = elapsedOf(caller.fiber)
    const places = this.#background.places(requests.length, elapsed)
    const begun = requests.filter(({ text }) => !this.#failures.isResting(text, elapsed)).slice(0, places)
    const lookups = this.begin(begun, "Background", caller)
    const byRequest = new Map(begun.map((request, index) => [request, lookups[index]]))
    return requests.map((request) => byRequest.get(request))
  }

  #start(batched: ReadonlyArray<BatchedLookup<Key, Answer, E>>, reason: LookupReason, caller: Caller<R>): void {
    for (const { batch, lookup } of batched) {
      batch.add(lookup.overdueAt)
      if (reason === "Background") this.#background.add(batch, caller.bound)
    }
    const [first] = batched
    first?.batch.waits.begin(this.#parts.lookups, batched.length, first.text)
    const services = reason === "Background" ? caller.backgroundContext : caller.context
    const context = Context.add(services, CurrentWaits, first?.batch.waits)
    const fiber = nested((inTurn) => Effect.runForkWith(context)(this.#run(batched, reason, inTurn)))
    for (const { batch } of batched) batch.runBy(fiber)
  }

  /** `json` is that of the value, where it can be written. */
  #settle(
    { batch, lookup, text }: BatchedLookup<Key, Answer, E>,
    exit: Exit.Exit<Answer, E>,
    json?: string | Unstorable | undefined
  ): void {
    if (lookup.exit !== undefined) return
    if (!lookup.isAbandoned) batch.settle()
    if (Exit.isFailure(exit)) this.#parts.lookups.remove(text, lookup)
    const codec = this.#parts.policy.schemaCodec()
    lookup.settle(exit, typeof json === "string" ? () => codec.read(json) : undefined)
  }

  /** Runs a batch. Its lookups stay in flight until their values are stored, so that a reader in between begins no other. */
  #run(
    batched: ReadonlyArray<BatchedLookup<Key, Answer, E>>,
    reason: LookupReason,
    inTurn: InTurn
  ): Effect.Effect<void, never, R> {
    const inBackground = reason === "Background" ? batched.length : 0
    return Effect.suspend(() => {
      this.#background.begin(inBackground)
      this.#parts.counters.add("refreshes", inBackground)
      return inTurn(this.#lookUpBy(batched, reason))
    }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          this.#background.end(inBackground)
          for (const each of batched) {
            this.#background.remove(each.batch)
            each.batch.waits.end()
            each.lookup.isOver = true
            if (Exit.isFailure(exit)) this.#settle(each, Exit.failCause(exit.cause))
            this.#parts.lookups.end(each.text, each.lookup)
          }
        })
      )
    )
  }

  #lookUpBy(
    batched: ReadonlyArray<BatchedLookup<Key, Answer, E>>,
    reason: LookupReason
  ): Effect.Effect<void, never, R> {
    const [each] = batched
    if (each?.lookup.relayed !== undefined) return this.#relay(each, each.lookup.relayed)
    const isLeased = this.#parts.policy.lease > 0 && reason !== "Refresh" && batched.length === 1
    return isLeased && each?.snapshot !== undefined
      ? this.#lookUpUnderLease(each, each.snapshot, reason)
      : this.#lookUp(batched, reason)
  }

  /** Takes the value of a lookup in the background, if it comes in time. */
  #relay(each: BatchedLookup<Key, Answer, E>, background: InFlightLookup<Answer, E>): Effect.Effect<void, never, R> {
    const { lookups, policy } = this.#parts
    return Effect.withFiber((fiber) =>
      Effect.flatMap(
        Effect.timeoutOption(awaitAll([background]), Math.max(0, background.overdueAt - elapsedOf(fiber))),
        () => {
          const exit = background.take()
          if (exit !== undefined && (Exit.isSuccess(exit) || isOfOneKey(exit.cause))) {
            const json = Exit.isSuccess(exit) ? policy.schemaCodec().write(exit.value) : undefined
            // Readers share it until its value is stored.
            if (lookups.has(each.text, each.lookup) && !background.isOver) lookups.replace(each.text, background)
            return Effect.sync(() => this.#settle(each, exit, json))
          }
          background.outdate()
          each.lookup.relayed = undefined
          return this.#lookUp([each], "Read")
        }
      )
    )
  }

  #lookUpUnderLease(
    each: BatchedLookup<Key, Answer, E>,
    before: Snapshot,
    reason: LookupReason
  ): Effect.Effect<void, never, R> {
    const { policy, store } = this.#parts
    const codec = policy.schemaCodec()
    return underLease({
      store,
      key: policy.storeKeys().lease(each.text),
      life: policy.lease,
      snapshot: before,
      read: this.#readForAll(each),
      settle: ({ entry, written }, now) => {
        const isNewer = entry !== undefined && written !== before.written && now < entry.freshUntil
        const answer = isNewer ? codec.answerOf(entry) : undefined
        if (answer === undefined) return false
        this.#settle(each, answer, codec.write(answer.value))
        return true
      },
      lookUp: (snapshot) => this.#lookUp([{ ...each, snapshot }], reason)
    })
  }

  /** Reads the value of another process after the last subscriber came. */
  readonly #readForAll = Effect.fnUntraced(function* (
    this: Loader<Key, A, Answer, E, R>,
    { lookup, text }: BatchedLookup<Key, Answer, E>
  ) {
    while (true) {
      const { reservations } = lookup
      const snapshots = yield* this.#parts.snapshots.readMany([text])
      if (snapshots?.[0]?.entry === undefined || lookup.reservations === reservations) return snapshots
    }
  })

  readonly #lookUp = Effect.fnUntraced(function* (
    this: Loader<Key, A, Answer, E, R>,
    batched: ReadonlyArray<BatchedLookup<Key, Answer, E>>,
    reason: LookupReason
  ) {
    const generations = yield* this.#parts.ensureGenerations(batched)
    for (const [index, { lookup }] of batched.entries()) this.#parts.lookups.begin(lookup, generations[index])
    const run = new LookupRun(this.#runParts, batched, reason, yield* Effect.context<never>())
    const failure = yield* run.lookUp()
    if (reason === "Background" && failure !== undefined) {
      yield* this.#parts.log.warnOfLookup("A lookup in the background", failure)
    }
    for (const { batch } of batched) this.#background.remove(batch)
    yield* run.finish
  })
}
