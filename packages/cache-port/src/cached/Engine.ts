/**
 * A `Cached` on one cache: what becomes of one key, and of invalidations.
 *
 * @internal
 */
import { Effect, Exit } from "effect"
import type { CachePort } from "../CachePort.ts"
import type { Caller } from "./Caller.ts"
import type { Entry } from "./Envelope.ts"
import { ended, type Flight } from "./Flight.ts"
import { Keeper } from "./Keeper.ts"
import { Loader, type Miss, nowOf } from "./Loader.ts"
import * as Many from "./Many.ts"
import type { Policy } from "./Policy.ts"
import { Requests } from "./Requests.ts"
import { Storage } from "./Storage.ts"

/** A key whose value was found, and is no longer fresh. */
export interface Stale<Key, Answer> extends Miss<Key> {
  readonly answer: Exit.Success<Answer>
  readonly servedUntil: number
}

/** What the cache has of a key: the answer, one that is no longer fresh, or none. */
export type Found<Answer> =
  | { readonly _tag: "Hit"; readonly answer: Exit.Success<Answer>; readonly isEarly: boolean }
  | { readonly _tag: "Stale"; readonly answer: Exit.Success<Answer>; readonly servedUntil: number }
  | { readonly _tag: "Miss" }

export class Engine<Key, A, Answer, E, R> {
  readonly policy: Policy<Key, A, Answer, E, R>
  readonly storage: Storage
  readonly loader: Loader<Key, A, Answer, E, R>
  readonly #keeper: Keeper<Key, A, Answer>
  readonly #requests = new Requests(this)

  constructor(policy: Policy<Key, A, Answer, E, R>, cache: CachePort["Service"]) {
    this.policy = policy
    this.storage = new Storage(policy, cache)
    this.#keeper = new Keeper(policy, this.storage)
    this.loader = new Loader(policy, this.storage, this.#keeper)
  }

  get(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const text = this.policy.textOf(key)
    const flight = this.joinable(text, caller)
    if (flight !== undefined) return landed(flight)
    if (this.isOwed(text, caller)) return this.#lookUp({ key, text, ground: undefined }, caller)
    return this.storage.find(text, caller.fiber, (finding) => {
      const found = this.judge(finding?.entry, caller)
      if (found._tag === "Hit" && !found.isEarly) return found.answer
      const miss = { key, text, ground: finding?.ground }
      if (found._tag === "Miss") return this.#lookUp(miss, caller)
      if (found._tag === "Stale") return this.#serveStale({ ...miss, ...found }, caller)
      this.loader.refresh([miss], caller)
      return found.answer
    })
  }

  getMany(keys: Iterable<Key>, caller: Caller<R>): Effect.Effect<ReadonlyMap<Key, A>, E> {
    return Many.get(this, keys, caller)
  }

  getBatched(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    return this.#requests.get(key, caller)
  }

  /** A lookup that answers no later than the cache would, counted. What is on its way into the cache is as good as in it. */
  joinable(text: string, { fiber }: Caller<R>): Flight<Answer, E> | undefined {
    const { flights } = this.loader
    const flight = flights.size === 0 ? undefined : this.loader.current(text, nowOf(fiber))
    if (flight === undefined || (flight.isRefresh && flight.exit === undefined)) return undefined
    if (flight.exit === undefined) this.storage.counters.join()
    else this.storage.counters.hit()
    return flight.join()
  }

  /** Whether the cache may not be asked for a key. What is owed is tried again whenever something is asked. */
  isOwed(text: string, caller: Caller<R>): boolean {
    const { owed } = this.storage
    if (owed.isEmpty) return false
    Effect.runForkWith(caller.backgroundContext)(this.storage.settle)
    return owed.hasKey(text)
  }

  /** Counts hits. */
  judge(entry: Entry | undefined, { fiber }: Caller<R>): Found<Answer> {
    const freshness = entry === undefined ? "Expired" : this.#keeper.freshness(entry, fiber)
    const answer = entry === undefined || freshness === "Expired" ? undefined : this.#keeper.answerOf(entry)
    if (answer === undefined || entry === undefined) return { _tag: "Miss" }
    if (freshness === "Stale") return { _tag: "Stale", answer, servedUntil: entry.servedUntil }
    this.storage.counters.hit()
    return { _tag: "Hit", answer, isEarly: freshness === "Early" }
  }

  /** The same answer for another reader; the very same where its value cannot be written. */
  copyOf(answer: Exit.Success<Answer, E>): Exit.Success<Answer, E> {
    const json = this.#keeper.write(answer.value)
    return (json === undefined ? undefined : this.#keeper.read(json)) ?? answer
  }

  #lookUp(miss: Miss<Key>, caller: Caller<R>): Effect.Effect<Answer, E> {
    this.storage.counters.miss()
    const [flight] = this.loader.begin([miss], "Read", caller)
    return landed(flight as Flight<Answer, E>)
  }

  #serveStale(stale: Stale<Key, Answer>, caller: Caller<R>): Effect.Effect<Answer, E> {
    const since = nowOf(caller.fiber)
    const refreshing = this.loader.refresh([stale], caller)
    return Effect.flatMap(
      this.patience(refreshing, [stale], since, caller),
      () => this.newest(stale, refreshing[0], caller) ?? this.#lookUp(stale, caller)
    )
  }

  /** Waits as long as a caller who came at `since` would rather have newer values than stale ones. */
  patience(
    refreshing: ReadonlyArray<Flight<Answer, E> | undefined>,
    stale: ReadonlyArray<Stale<Key, Answer>>,
    since: number,
    caller: Caller<R>
  ): Effect.Effect<unknown> {
    const { softLookupTimeout } = this.policy
    const flights = softLookupTimeout === 0 ? [] : refreshing.flatMap((flight) => flight ?? [])
    if (flights.length === 0) return Effect.void
    const end = stale.reduce((end, { servedUntil }) => Math.min(end, servedUntil), since + softLookupTimeout)
    return Effect.timeoutOption(ended(flights), Math.max(0, end - nowOf(caller.fiber)))
  }

  /** What was looked up meanwhile, else the stale value, unless its time is over. */
  newest(
    { answer, servedUntil }: Stale<Key, Answer>,
    refreshing: Flight<Answer, E> | undefined,
    caller: Caller<R>
  ): Exit.Success<Answer, E> | undefined {
    const isNewer = refreshing?.exit !== undefined && Exit.isSuccess(refreshing.exit)
    const exit = isNewer ? refreshing.take() : undefined
    if (exit !== undefined && Exit.isSuccess(exit)) {
      this.storage.counters.miss()
      return exit
    }
    if (nowOf(caller.fiber) >= servedUntil) return undefined
    this.storage.counters.stale()
    return answer
  }

  put(key: Key, value: A): Effect.Effect<void> {
    const text = this.policy.textOf(key)
    this.loader.outdate([text])
    return Effect.uninterruptible(this.#keeper.put(key, text, value))
  }

  refresh(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const text = this.policy.textOf(key)
    this.loader.outdate([text])
    const lookUp = (miss: Miss<Key>) => {
      const [flight] = this.loader.begin([miss], "Refresh", caller)
      return landed(flight as Flight<Answer, E>)
    }
    if (this.isOwed(text, caller)) return lookUp({ key, text, ground: undefined })
    return this.storage.find(text, caller.fiber, (finding) => lookUp({ key, text, ground: finding?.ground }))
  }

  invalidate(key: Key): Effect.Effect<void> {
    const text = this.policy.textOf(key)
    this.loader.outdate([text])
    return this.storage.invalidate(text)
  }

  invalidateAll(): Effect.Effect<void> {
    this.loader.outdateAll()
    return this.storage.invalidateAll
  }

  /** What has the tag is known of no lookup before its end. */
  invalidateTag(tag: string): Effect.Effect<void> {
    this.loader.outdateAll()
    return this.storage.invalidateTag(tag)
  }
}

/** The end of one flight. */
const landed = <A, E>(flight: Flight<A, E>): Effect.Effect<A, E> =>
  flight.take() ?? Effect.flatMap(ended([flight]), () => flight.take() as Exit.Exit<A, E>)
