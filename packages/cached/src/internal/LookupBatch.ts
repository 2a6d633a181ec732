/**
 * Lookups that run together, by one fiber.
 *
 * @internal
 */
import type { Fiber } from "effect"
import type { InFlightLookup } from "./InFlightLookup.ts"
import type { LookupRequest } from "./LookupRequest.ts"
import { LookupWaits } from "./LookupWaits.ts"

/** A request in flight. */
export interface BatchedLookup<Key, Answer, E> extends LookupRequest<Key> {
  readonly lookup: InFlightLookup<Answer, E>
  readonly batch: LookupBatch
  /** Fails for itself, also where it is looked up together with others. */
  readonly isForItself: boolean
}

/** Interrupts its fiber when its last lookup is abandoned. */
export class LookupBatch {
  #open = 0
  #overdueAt = 0
  #fiber: Fiber.Fiber<void> | undefined
  readonly waits: LookupWaits

  /** `outer` are the waits of the lookups whose reads began it. */
  constructor(outer: ReadonlyArray<LookupWaits>) {
    this.waits = new LookupWaits(outer)
  }

  add(overdueAt: number): void {
    this.#open++
    this.#overdueAt = Math.max(this.#overdueAt, overdueAt)
  }

  runBy(fiber: Fiber.Fiber<void>): void {
    this.#fiber = fiber
  }

  settle(): void {
    this.#open--
  }

  abandon(): void {
    if (--this.#open === 0) this.interrupt()
  }

  interrupt(): void {
    this.#fiber?.interruptUnsafe()
  }

  interruptIfOverdue(now: number): void {
    if (now >= this.#overdueAt) this.interrupt()
  }
}

/** The most keys that are looked up in the background at a time; later reads look up the others. */
const most = 1_000

/** Bounds the lookups in the background. */
export class BackgroundLookups {
  /** Each with the context that its `Cached` was bound with. */
  readonly #batches = new Map<LookupBatch, object | undefined>()
  #keys = 0

  add(batch: LookupBatch, bound: object | undefined): void {
    this.#batches.set(batch, bound)
  }

  /** Takes a batch out of those that can be interrupted; its value may still be on its way into the cache. */
  remove(batch: LookupBatch): void {
    this.#batches.delete(batch)
  }

  begin(keys: number): void {
    this.#keys += keys
  }

  end(keys: number): void {
    this.#keys -= keys
  }

  /** Returns the number of places for so many keys, and interrupts overdue lookups where they are too few. */
  places(keys: number, now: number): number {
    if (this.#keys + keys > most) for (const batch of this.#batches.keys()) batch.interruptIfOverdue(now)
    return Math.max(0, most - this.#keys)
  }

  /** Interrupts those that were begun by a `Cached` bound with this context. */
  interrupt(bound: object): void {
    for (const [batch, other] of this.#batches) if (other === bound) batch.interrupt()
  }
}
