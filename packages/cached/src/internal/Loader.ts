/**
 * Looks up what the cache does not have, each key once at a time, and keeps it.
 *
 * @internal
 */

import { RateLimitedLog } from "@hexcache/cache-port/internal"
import { type Cause, Clock, Context, Effect, Exit, Fiber, Option, Random } from "effect"
import type { Caller } from "./Caller.ts"
import { Failures } from "./Failures.ts"
import { ended, Flight, type Purpose } from "./Flight.ts"
import type { Keeper, Loaded } from "./Keeper.ts"
import * as Lease from "./Lease.ts"
import * as Lookup from "./Lookup.ts"
import { type InTurn, nested } from "./Nesting.ts"
import type { Policy } from "./Policy.ts"
import { Refreshes } from "./Refreshes.ts"
import type { Ground, Storage } from "./Storage.ts"
import { Writes } from "./Writes.ts"

/** A key that is to be looked up. */
export interface Miss<Key> {
  readonly key: Key
  readonly text: string
  /** What stood when it was read; without it, its value is not kept. */
  readonly ground: Ground | undefined
  /** How many lookups had begun when its reader came. */
  readonly since: number
  /** How long the lookup of the present value took, in milliseconds. */
  readonly took?: number | undefined
}

/** A miss on its way, with those that are looked up together with it. */
interface Load<Key, Answer, E> extends Miss<Key> {
  readonly flight: Flight<Answer, E>
  readonly batch: Batch
  /** Fails for itself, also where it is looked up together with others. */
  readonly isForItself: boolean
}

interface Batch {
  /** How many of its keys are still waited for. */
  open: number
  fiber: Fiber.Fiber<void> | undefined
  overdueAt: number
}

const newBatch = (): Batch => ({ open: 0, fiber: undefined, overdueAt: 0 })

/** How long a lookup in the background may take at least before it stands in the way of others, in milliseconds. */
const leastOverdue = 1_000

/** The most lookups in the background at a time; a value beyond that is looked up by a later read. */
const mostRefreshes = 1_000

export class Loader<Key, A, Answer, E, R> {
  readonly flights = new Map<string, Flight<Answer, E>>()
  readonly #policy: Policy<Key, A, Answer, E, R>
  readonly #storage: Storage
  readonly #keeper: Keeper<Key, A, Answer>
  readonly #failures: Failures<E>
  readonly #log = new RateLimitedLog()
  /** The lookups in the background, until they have ended. */
  readonly #background = new Set<Batch>()
  readonly #writes = new Writes()
  readonly #refreshing = new Refreshes<Answer, E>()
  #refreshes = 0
  /** How many lookups have begun. */
  begun = 0

  constructor(policy: Policy<Key, A, Answer, E, R>, storage: Storage, keeper: Keeper<Key, A, Answer>) {
    this.#policy = policy
    this.#storage = storage
    this.#keeper = keeper
    this.#failures = new Failures(policy)
  }

  /** As `outdate`, of all keys. */
  outdateAll(): void {
    this.#failures.clear()
    this.outdate(this.flights.keys())
  }

  /** Forgets lookups in flight, but for those who wait for them, and those that failed a moment ago. */
  outdate(texts: Iterable<string>): void {
    for (const text of Array.from(texts)) {
      this.#failures.delete(text)
      const flight = this.flights.get(text)
      this.flights.delete(text)
      flight?.outdate()
    }
  }

  /** As `outdate`, for a key that is about to be refreshed: another refresh of it counts until this one has a value. */
  beforeRefresh(text: string): void {
    if (this.flights.get(text)?.purpose !== "Refresh") this.outdate([text])
    else {
      this.#failures.delete(text)
      this.flights.delete(text)
    }
  }

  /** True while a newer value of a key than what the cache may hold is on its way into it. */
  isWriting(text: string): boolean {
    return this.#writes.has(text)
  }

  /** The lookup of a key that has ended and whose value is on its way into the cache. */
  ended(text: string): Flight<Answer, E> | undefined {
    const flight = this.flights.size === 0 ? undefined : this.flights.get(text)
    return flight?.exit === undefined ? undefined : flight
  }

  /** True if the value of a lookup that has ended is as good as one in the cache, where this stands. */
  isCurrent(flight: Flight<Answer, E>, ground: Ground | undefined, now: number): boolean {
    const isRecent = !flight.isOutdated && flight.tagChanges === this.#storage.tagChanges && now < flight.freshUntil
    return isRecent && ground !== undefined && flight.isUnder(ground)
  }

  /**
   * The lookup of a key that its reader may share: one that began after the reader came, or under the generations that the
   * reader has seen since. Where those could not be read, or none could be made, any that no invalidation of this process
   * outdates.
   */
  shared({ ground, since, text }: Miss<Key>, now: number): Flight<Answer, E> | undefined {
    const flight = this.flights.get(text)
    if (flight === undefined || flight.tagChanges !== this.#storage.tagChanges) return undefined
    const { place } = flight.relayed ?? flight
    const isShared =
      flight.exit === undefined
        ? ground === undefined || place > since || flight.isUnder(ground)
        : this.isCurrent(flight, ground, now)
    return isShared ? flight : undefined
  }

  /** The flights of the keys, in their order; begun, in one batch, where there is none. */
  begin(
    misses: ReadonlyArray<Miss<Key>>,
    purpose: Purpose,
    caller: Caller<R>,
    isForItself = false
  ): ReadonlyArray<Flight<Answer, E>> {
    const now = nowOf(caller.fiber)
    const together: Array<Load<Key, Answer, E>> = []
    const batch = newBatch()
    const flights = misses.map((miss) => {
      const shared = this.shared(miss, now)
      // What a refresh gives is kept or forgotten, which nobody else sees to.
      const found = purpose !== "Refresh" || shared?.purpose === "Refresh" ? shared : undefined
      // Who waits has no value left: a lookup in the background is good for it only in time.
      const after = purpose === "Read" && found?.isInBackground === true && found.exit === undefined ? found : undefined
      const current = after === undefined ? found : undefined
      if (purpose === "Read" && current !== undefined && current.exit === undefined) this.#storage.counters.live.joins++
      if (current !== undefined) return purpose === "Background" ? current : current.join()
      const failure = purpose === "Read" ? this.#failures.exitOf(miss.text, now) : undefined
      if (failure !== undefined) return Flight.ended<Answer, E>(failure)
      const flight = new Flight<Answer, E>(purpose, this.#storage.tagChanges, () => this.#abandon(load))
      flight.relayed = after !== undefined && now < after.overdueAt ? after : undefined
      if (purpose === "Background") flight.overdueAt = now + Math.max(leastOverdue, 2 * (miss.took ?? 0))
      else flight.expect()
      if (purpose === "Refresh") this.#refreshing.add(miss.text, flight)
      const replaced = this.flights.get(miss.text)
      this.flights.set(miss.text, flight)
      const isRelay = flight.relayed !== undefined
      if (!isRelay && replaced?.exit === undefined) replaced?.outdate()
      const load: Load<Key, Answer, E> = { ...miss, flight, batch: isRelay ? newBatch() : batch, isForItself }
      if (isRelay) this.#start([load], purpose, caller)
      else together.push(load)
      return flight
    })
    if (together.length > 0) this.#start(together, purpose, caller)
    return flights
  }

  /** Looks up keys of one batch. */
  #start(loads: ReadonlyArray<Load<Key, Answer, E>>, purpose: Purpose, caller: Caller<R>): void {
    for (const { batch, flight } of loads) {
      batch.open++
      batch.overdueAt = Math.max(batch.overdueAt, flight.overdueAt)
      if (purpose === "Background") this.#background.add(batch)
    }
    const context = purpose === "Background" ? caller.backgroundContext : caller.context
    const fiber = nested((inTurn) => Effect.runForkWith(context)(this.#run(loads, purpose, inTurn)))
    for (const { batch } of loads) batch.fiber = fiber
  }

  /**
   * As `begin`, in the background and within bounds, for keys whose present values are good enough meanwhile. None for a key
   * whose lookup failed a moment ago.
   */
  refresh(misses: ReadonlyArray<Miss<Key>>, caller: Caller<R>): ReadonlyArray<Flight<Answer, E> | undefined> {
    const now = nowOf(caller.fiber)
    if (this.#refreshes + misses.length > mostRefreshes) this.#endOverdue(now)
    const places = Math.max(0, mostRefreshes - this.#refreshes)
    const begun = misses.filter(({ text }) => !this.#failures.isResting(text, now)).slice(0, places)
    const flights = this.begin(begun, "Background", caller)
    const byMiss = new Map(begun.map((miss, index) => [miss, flights[index]]))
    return misses.map((miss) => byMiss.get(miss))
  }

  /** True while a source that failed a moment ago is left alone, by those who have a value that is good enough. */
  isResting(text: string, now: number): boolean {
    return this.#failures.isResting(text, now)
  }

  /** Makes place for others. */
  #endOverdue(now: number): void {
    for (const { fiber, overdueAt } of this.#background) if (now >= overdueAt) fiber?.interruptUnsafe()
  }

  /** Ends lookups in the background, and waits for the writes that have begun. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    for (const { fiber } of this.#background) fiber?.interruptUnsafe()
    return this.#writes.allEnded
  })

  #abandon(load: Load<Key, Answer, E>): void {
    this.#remove(load)
    if (--load.batch.open === 0) load.batch.fiber?.interruptUnsafe()
  }

  #remove({ flight, text }: Load<Key, Answer, E>): void {
    if (this.flights.get(text) === flight) this.flights.delete(text)
  }

  /** `json` is that of the value, where it can be written. */
  #settle(load: Load<Key, Answer, E>, exit: Exit.Exit<Answer, E>, json?: string): void {
    if (load.flight.exit !== undefined) return
    load.batch.open--
    if (Exit.isFailure(exit)) this.#remove(load)
    load.flight.settle(exit, json === undefined ? undefined : () => this.#keeper.read(json))
  }

  /** A flight goes on until its value is kept, so that who comes in between does not begin another. */
  #run(loads: ReadonlyArray<Load<Key, Answer, E>>, purpose: Purpose, inTurn: InTurn): Effect.Effect<void, never, R> {
    const inBackground = purpose === "Background" ? loads.length : 0
    return Effect.suspend(() => {
      this.#refreshes += inBackground
      this.#storage.counters.live.refreshes += inBackground
      const [load] = loads
      if (load?.flight.relayed !== undefined) return inTurn(this.#relay(load, load.flight.relayed))
      return inTurn(
        this.#policy.lease > 0 && purpose !== "Refresh" && loads.length === 1 && load?.ground !== undefined
          ? this.#runUnderLease(load, load.ground, purpose)
          : this.#lookUp(loads, purpose)
      )
    }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          this.#refreshes -= inBackground
          for (const { batch } of loads) this.#background.delete(batch)
          for (const load of loads) {
            load.flight.isOver = true
            if (purpose === "Refresh") this.#refreshing.delete(load.text, load.flight)
            if (Exit.isFailure(exit)) this.#settle(load, Exit.failCause(exit.cause))
            this.#remove(load)
          }
        })
      )
    )
  }

  /** Takes the value of a lookup in the background, if it comes in time. */
  #relay(load: Load<Key, Answer, E>, background: Flight<Answer, E>): Effect.Effect<void, never, R> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.flatMap(Effect.timeoutOption(ended([background]), Math.max(0, background.overdueAt - now)), () => {
        const exit = background.take()
        if (exit !== undefined && (Exit.isSuccess(exit) || Lookup.isOfOneKey(exit.cause))) {
          const json = Exit.isSuccess(exit) ? this.#keeper.write(exit.value) : undefined
          // Shared until it is kept, as ever.
          if (this.flights.get(load.text) === load.flight && !background.isOver) this.flights.set(load.text, background)
          return Effect.sync(() => this.#settle(load, exit, json))
        }
        background.outdate()
        load.flight.relayed = undefined
        return this.#lookUp([load], "Read")
      })
    )
  }

  #runUnderLease(load: Load<Key, Answer, E>, ground: Ground, purpose: Purpose): Effect.Effect<void, never, R> {
    return Lease.under({
      storage: this.#storage,
      name: this.#policy.form().names.lease(load.text),
      lease: this.#policy.lease,
      ground,
      find: this.#find(load),
      isAnswer: (finding, now) => {
        const answer = this.#keeper.newerThan(ground, finding, now)
        if (answer === undefined) return false
        this.#settle(load, answer, this.#keeper.write(answer.value))
        return true
      },
      lookUp: (ground) => this.#lookUp([{ ...load, ground }], purpose)
    })
  }

  /** What others have kept, read after the last of those came who wait for it. */
  readonly #find = Effect.fnUntraced(function* (this: Loader<Key, A, Answer, E, R>, load: Load<Key, Answer, E>) {
    while (true) {
      const { comers } = load.flight
      const findings = yield* this.#storage.findMany([load.text])
      if (findings?.[0]?.entry === undefined || load.flight.comers === comers) return findings
    }
  })

  readonly #lookUp = Effect.fnUntraced(function* (
    this: Loader<Key, A, Answer, E, R>,
    loads: ReadonlyArray<Load<Key, Answer, E>>,
    purpose: Purpose
  ) {
    const standings = yield* this.#storage.prepare(loads)
    for (const [index, { flight }] of loads.entries()) {
      flight.place = ++this.begun
      flight.standing = standings[index]
    }
    const context = yield* Effect.context<never>()
    const clock = Context.get(context, Clock.Clock)
    const random = Context.get(context, Random.Random)
    const began = clock.currentTimeMillisUnsafe()
    const { live } = this.#storage.counters
    const byKey = new Map(loads.map((load) => [load.key, load]))
    const loaded: Array<Loaded> = []
    const failed: Array<Cause.Cause<E>> = []
    let keeping: Fiber.Fiber<void> | undefined
    live.lookups += loads.length

    /** Keeps what was looked up, and then what is looked up meanwhile. Those that end at the same moment are written together. */
    const keepEarly = () => {
      if (keeping !== undefined) return
      const fiber = Effect.runForkWith(context)(Effect.andThen(Effect.yieldNow, this.#keep(loaded)))
      keeping = fiber
      fiber.addObserver(() => {
        keeping = undefined
      })
    }

    const isForItself = (key: Key): boolean => {
      const load = byKey.get(key)
      return load?.flight.isAwaited === true && (load.isForItself || load.flight.isJoined)
    }
    const tell = (key: Key, exit: Exit.Exit<Answer, E>, isEarly: boolean): void => {
      const load = byKey.get(key)
      if (load === undefined) return
      const { flight, ground, text } = load
      const json = Exit.isSuccess(exit) ? this.#keeper.write(exit.value) : undefined
      if (Exit.isSuccess(exit)) this.#failures.delete(text)
      if (Exit.isSuccess(exit) && purpose === "Refresh") this.#refreshing.supersede(text, flight)
      if (Exit.isFailure(exit)) {
        live.lookupFailures++
        failed.push(exit.cause)
        if (!flight.isOutdated) this.#failures.add(text, exit.cause, clock.currentTimeMillisUnsafe())
      } else if (flight.standing !== undefined || purpose === "Refresh") {
        const moment = { began, now: clock.currentTimeMillisUnsafe(), random: () => random.nextDoubleUnsafe() }
        const draft = this.#keeper.draft(key, text, exit.value, json, moment)
        loaded.push({
          text,
          ground,
          standing: flight.standing,
          draft,
          flight,
          answer: () => this.#settle(load, exit, json)
        })
        if (flight.standing !== undefined) flight.freshUntil = draft?.freshUntil ?? moment.now
        if (isEarly) keepEarly()
        return
      }
      this.#settle(load, exit, json)
    }
    const lookingUp = this.#policy.lookUp(Array.from(byKey.keys()), {
      tell,
      isForItself,
      previousOf: (key) => {
        const text = byKey.get(key)?.ground?.previous
        return text === undefined ? Option.none() : this.#keeper.valueIn(text)
      },
      isInBackground: purpose === "Background"
    })
    yield* this.#storage.observer?.lookUp(lookingUp, () => failed[0]) ?? lookingUp

    const [cause] = failed
    if (purpose === "Background" && cause !== undefined) yield* this.logFailure(cause, "A lookup in the background")
    for (const { batch } of loads) this.#background.delete(batch)
    if (keeping === undefined && loaded.length > 0) yield* Effect.uninterruptible(this.#keep(loaded))
    while (keeping !== undefined) yield* Fiber.await(keeping)
  })

  /** Writes begin before anyone is answered: who is, and reads the cache, finds the value kept. */
  readonly #keep = Effect.fnUntraced(function* (this: Loader<Key, A, Answer, E, R>, loaded: Array<Loaded>) {
    while (loaded.length > 0) {
      const written = loaded.splice(0)
      const texts = written.map(({ text }) => text)
      // No value that is older than a refresh follows it into the cache.
      const keeping = Effect.andThen(this.#writes.ended(texts), this.#keeper.keep(written))
      const writing = yield* Effect.forkChild(keeping, { startImmediately: true })
      this.#storage.finishBeforeClose(writing)
      this.#writes.add(writing, texts)
      for (const { answer } of written) answer()
      yield* Fiber.await(writing)
      for (const { flight, text } of written) if (this.flights.get(text) === flight) this.flights.delete(text)
    }
  })

  logFailure(cause: Cause.Cause<E>, what: string): Effect.Effect<void> {
    return this.#log.write((suppressed) =>
      Effect.logWarning(`${what} failed, the value is served until it is stale for too long`, cause).pipe(
        Effect.annotateLogs({ namespace: this.#policy.namespace, suppressed })
      )
    )
  }
}

export const nowOf = (fiber: Fiber.Fiber<unknown, unknown>): number =>
  fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
