/**
 * One lookup of one key, and those who wait for it.
 *
 * @internal
 */
import { Effect, Exit, Function } from "effect"
import { nested } from "./Nesting.ts"
import type { Ground, Standing } from "./Storage.ts"

/** Why a key is looked up: for those who wait, in the background, or since it was asked for. */
export type Purpose = "Read" | "Background" | "Refresh"

type Tell<A, E> = (exit: Exit.Exit<A, E>) => void

/** Ends with an exit, which it keeps, or is abandoned when the last who waits goes away. */
export class Flight<A, E> {
  exit: Exit.Exit<A, E> | undefined
  /** Makes the success once more, from its text. */
  #copy: (() => Exit.Exit<A, E> | undefined) | undefined
  #isTaken = false
  readonly purpose: Purpose
  /** Until when its value may be given to others, once it has ended, in milliseconds of the epoch. */
  freshUntil = Number.NEGATIVE_INFINITY
  /** Begun before an invalidation, so that its value is for those who wait already, and for nobody else. */
  isOutdated = false
  /** When it has taken suspiciously long, in milliseconds of the epoch, for one that began in the background. */
  overdueAt = Infinity
  /** A refresh that began later has given a value, so that this one is neither kept nor forgotten. */
  isSuperseded = false
  /** Ended, and its value kept, as far as it is. */
  isOver = false
  /** The lookup in the background whose value it may yet give, before it begins one of its own. */
  relayed: Flight<A, E> | undefined
  /** Waited for by others than who began it, each for itself. */
  isJoined = false
  /** The place of its lookup among all of them, from its beginning on; before, a later one than any. */
  place = Infinity
  /** The generations that its lookup began under. Without them, its value is not kept. */
  standing: Standing | undefined
  /** How many invalidations of tags there had been. */
  readonly tagChanges: number
  /** How many have come to wait for it. */
  comers = 0
  readonly #abandon: () => void
  /** How many are about to wait for it. */
  #expected = 0
  readonly #waiting = new Set<Tell<A, E>>()

  /** One that has ended already, and is handed on. */
  static ended<A, E>(exit: Exit.Exit<A, E>): Flight<A, E> {
    const flight = new Flight<A, E>("Read", 0, Function.constVoid)
    flight.settle(exit)
    return flight
  }

  constructor(purpose: Purpose, tagChanges: number, abandon: () => void) {
    this.purpose = purpose
    this.tagChanges = tagChanges
    this.#abandon = abandon
  }

  /** Goes on though nobody waits. */
  get isInBackground(): boolean {
    return this.purpose === "Background"
  }

  get isAwaited(): boolean {
    return this.#expected > 0 || this.#waiting.size > 0
  }

  settle(exit: Exit.Exit<A, E>, copy?: () => Exit.Exit<A, E> | undefined): void {
    if (this.exit !== undefined) return
    this.exit = exit
    this.#copy = copy
    const waiting = Array.from(this.#waiting)
    this.#waiting.clear()
    for (const tell of waiting) tell(exit)
  }

  /**
   * The exit for one reader: what one of them changes, no other sees. They share a value that cannot be written; that is
   * as rare as it is logged.
   */
  take(): Exit.Exit<A, E> | undefined {
    if (this.#isTaken && this.#copy !== undefined) return this.#copy() ?? this.exit
    this.#isTaken = this.exit !== undefined
    return this.exit
  }

  /** True unless something that was read shows that its lookup began before an invalidation. */
  isUnder(ground: Ground): boolean {
    const { standing } = this.relayed ?? this
    return (
      standing === undefined ||
      (standing.all === ground.all && standing.own === ground.own && standing.tags === ground.tags)
    )
  }

  /** Said before others may run, by who is going to enter: meanwhile it is not abandoned. */
  expect(): this {
    this.#expected++
    this.comers++
    return this
  }

  /** As `expect`, by who has not begun it. */
  join(): this {
    this.isJoined = true
    return this.expect()
  }

  enter(tell: Tell<A, E>): void {
    this.#expected = Math.max(0, this.#expected - 1)
    this.#waiting.add(tell)
  }

  leave(tell: Tell<A, E>): void {
    const wasWaiting = this.#waiting.delete(tell)
    if (wasWaiting && !this.isAwaited && (!this.isInBackground || this.isOutdated)) this.#abandon()
  }

  /** Nobody who comes from now on is given its value. */
  outdate(): void {
    this.isOutdated = true
    if (!this.isAwaited && this.exit === undefined) this.#abandon()
  }
}

/** Waits for all of them, or for the first whose exit is the `last` that is of interest; answers that one. */
const wait = <A, E>(
  flights: ReadonlyArray<Flight<A, E>>,
  isLast: (exit: Exit.Exit<A, E>) => boolean
): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.suspend(() => {
    const last = flights.find(({ exit }) => exit !== undefined && isLast(exit))?.exit
    const open = flights.filter(({ exit }) => exit === undefined)
    return last !== undefined || open.length === 0 ? Effect.succeed(last) : landing(open, isLast)
  })

/** As `wait`, for flights none of which has ended. */
const landing = <A, E>(
  flights: ReadonlyArray<Flight<A, E>>,
  isLast: (exit: Exit.Exit<A, E>) => boolean
): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.callback((resume) => {
    let open = flights.length
    const leave = () => {
      for (const flight of flights) flight.leave(tell)
    }
    const tell = (exit: Exit.Exit<A, E>) => {
      open--
      const last = isLast(exit) ? exit : undefined
      if (last !== undefined) leave()
      if (last !== undefined || open === 0) nested((inTurn) => resume(inTurn(Effect.succeed(last))))
    }
    for (const flight of flights) flight.enter(tell)
    return Effect.sync(leave)
  })

/** Waits for all of them, however they end. */
export const ended = <A, E>(flights: ReadonlyArray<Flight<A, E>>): Effect.Effect<void> =>
  Effect.asVoid(wait(flights, () => false))

/** Waits for all of them, or until one fails, other than by `pardoned`, and fails as it did. */
export const joined = <A, E>(flights: ReadonlyArray<Flight<A, E>>, pardoned: Exit.Exit<A>): Effect.Effect<void, E> =>
  Effect.flatMap(
    wait(flights, (exit) => Exit.isFailure(exit) && exit !== pardoned),
    (failed) => (failed === undefined ? Effect.void : Effect.asVoid(failed))
  )
