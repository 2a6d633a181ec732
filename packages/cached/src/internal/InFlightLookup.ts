/**
 * One lookup of one key, and its subscribers.
 *
 * @internal
 */
import { Effect, Exit, Function } from "effect"
import type { LookupReason } from "./LookupRequest.ts"
import type { LookupWaits } from "./LookupWaits.ts"
import { nested } from "./Nesting.ts"
import { type Generations, type Snapshot, stand } from "./Snapshot.ts"

type Subscriber<A, E> = (exit: Exit.Exit<A, E>) => void

/** Ends with an exit, which it keeps, or is abandoned when its last subscriber leaves. */
export class InFlightLookup<A, E> {
  exit: Exit.Exit<A, E> | undefined
  /** Makes the success once more, from its text. */
  #copy: (() => Exit.Exit<A, E> | undefined) | undefined
  #isTaken = false
  readonly reason: LookupReason
  /** The end of the time in which others may share its value, once it has ended, in milliseconds of the epoch. */
  freshUntil = Number.NEGATIVE_INFINITY
  /** Began before an invalidation: its value is for its subscribers, and for no later reader. */
  isOutdated = false
  /** The end of its usual time in the background, by the clock that nobody sets, in milliseconds. */
  overdueAt = Infinity
  /** Has an older value than a refresh that began later, so that its value is neither stored nor forgotten. */
  isSuperseded = false
  /** Has ended, and its value is stored, if it can be. */
  isOver = false
  /** The lookup in the background whose value it takes if that ends in time, before it looks up itself. */
  relayed: InFlightLookup<A, E> | undefined
  /** The waits of the lookups that run together with it. */
  waits: LookupWaits | undefined
  /** Has subscribers that did not begin it, each of which fails for itself. */
  isJoined = false
  /** Its number among all lookups, from its beginning on; infinite before. */
  number = Infinity
  /** The generations that it began under. Without them, its value is not stored. */
  generations: Generations | undefined
  /** The number of invalidations of tags before it. */
  readonly tagChanges: number
  /** The number of reservations that were ever made. */
  reservations = 0
  /** Is left by its last subscriber, before its end. */
  isAbandoned = false
  readonly #onAbandon: () => void
  /** Reservations whose holder has not subscribed yet. */
  #reserved = 0
  readonly #subscribers = new Set<Subscriber<A, E>>()

  /** One that has ended already. */
  static ended<A, E>(exit: Exit.Exit<A, E>): InFlightLookup<A, E> {
    const lookup = new InFlightLookup<A, E>("Read", 0, Function.constVoid)
    lookup.settle(exit)
    return lookup
  }

  constructor(reason: LookupReason, tagChanges: number, onAbandon: () => void) {
    this.reason = reason
    this.tagChanges = tagChanges
    this.#onAbandon = onAbandon
  }

  /** True if it goes on without subscribers. */
  get isInBackground(): boolean {
    return this.reason === "Background"
  }

  get isAwaited(): boolean {
    return this.#reserved > 0 || this.#subscribers.size > 0
  }

  begin(number: number, generations: Generations | undefined): void {
    this.number = number
    this.generations = generations
  }

  settle(exit: Exit.Exit<A, E>, copy?: () => Exit.Exit<A, E> | undefined): void {
    if (this.exit !== undefined) return
    this.exit = exit
    this.#copy = copy
    const subscribers = Array.from(this.#subscribers)
    this.#subscribers.clear()
    for (const notify of subscribers) notify(exit)
  }

  /** The exit for one reader. Each has a value of its own, except of one that cannot be written, which all share. */
  take(): Exit.Exit<A, E> | undefined {
    if (this.#isTaken && this.#copy !== undefined) return this.#copy() ?? this.exit
    this.#isTaken = this.exit !== undefined
    return this.exit
  }

  /** True if it began after so many lookups. */
  isAfter(since: number): boolean {
    return (this.relayed ?? this).number > since
  }

  /** True unless a snapshot shows that it began before an invalidation. */
  isUnder(snapshot: Snapshot): boolean {
    const { generations } = this.relayed ?? this
    return generations === undefined || stand(generations, snapshot)
  }

  /** Keeps it from being abandoned until its holder subscribes. */
  reserve(): this {
    this.#reserved++
    this.reservations++
    return this
  }

  /** Reserves for a reader that has not begun it. */
  join(): this {
    this.isJoined = true
    return this.reserve()
  }

  subscribe(subscriber: Subscriber<A, E>): void {
    this.#reserved = Math.max(0, this.#reserved - 1)
    this.#subscribers.add(subscriber)
  }

  unsubscribe(subscriber: Subscriber<A, E>): void {
    if (this.#subscribers.delete(subscriber)) this.#left()
  }

  /** Gives up a reservation. */
  release(): void {
    this.#reserved = Math.max(0, this.#reserved - 1)
    this.#left()
  }

  #left(): void {
    if (!this.isAwaited && (!this.isInBackground || this.isOutdated)) this.#abandon()
  }

  #abandon(): void {
    if (this.exit !== undefined || this.isAbandoned) return
    this.isAbandoned = true
    this.#onAbandon()
  }

  /** Withholds its value from later readers. */
  outdate(): void {
    this.isOutdated = true
    if (!this.isAwaited) this.#abandon()
  }

  /** Waits for its exit. */
  get await(): Effect.Effect<A, E> {
    return this.take() ?? Effect.flatMap(awaitAll([this]), () => this.take() as Exit.Exit<A, E>)
  }
}

/** Waits for all of them, or for the first whose exit is `decisive`; succeeds with that one. */
const awaitUntil = <A, E>(
  lookups: ReadonlyArray<InFlightLookup<A, E>>,
  isDecisive: (exit: Exit.Exit<A, E>) => boolean
): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.suspend(() => {
    const decisive = lookups.find(({ exit }) => exit !== undefined && isDecisive(exit))?.exit
    const open = lookups.filter(({ exit }) => exit === undefined)
    if (decisive !== undefined) for (const lookup of open) lookup.release()
    return decisive !== undefined || open.length === 0 ? Effect.succeed(decisive) : subscribeUntil(open, isDecisive)
  })

/** As `awaitUntil`, for lookups none of which has ended. */
const subscribeUntil = <A, E>(
  lookups: ReadonlyArray<InFlightLookup<A, E>>,
  isDecisive: (exit: Exit.Exit<A, E>) => boolean
): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.callback((resume) => {
    let open = lookups.length
    const unsubscribe = () => {
      for (const lookup of lookups) lookup.unsubscribe(subscriber)
    }
    const subscriber = (exit: Exit.Exit<A, E>) => {
      open--
      const decisive = isDecisive(exit) ? exit : undefined
      if (decisive !== undefined) unsubscribe()
      if (decisive !== undefined || open === 0) nested((inTurn) => resume(inTurn(Effect.succeed(decisive))))
    }
    for (const lookup of lookups) lookup.subscribe(subscriber)
    return Effect.sync(unsubscribe)
  })

/** Waits for the exits of all of them. */
export const awaitAll = <A, E>(lookups: ReadonlyArray<InFlightLookup<A, E>>): Effect.Effect<void> =>
  Effect.asVoid(awaitUntil(lookups, () => false))

/** Waits for all of them, or until one fails, other than by `pardoned`, and fails as it did. */
export const awaitAllOrFail = <A, E>(
  lookups: ReadonlyArray<InFlightLookup<A, E>>,
  pardoned: Exit.Exit<A>
): Effect.Effect<void, E> =>
  Effect.flatMap(
    awaitUntil(lookups, (exit) => Exit.isFailure(exit) && exit !== pardoned),
    (failed) => (failed === undefined ? Effect.void : Effect.asVoid(failed))
  )
