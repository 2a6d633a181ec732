/**
 * Shares one lookup of a key among many processes.
 *
 * @internal
 */
import { Clock, Effect, Option, Random } from "effect"
import { newId } from "./GenerationId.ts"
import { elapsedBy } from "./LookupRequest.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { Store } from "./Store.ts"

/** A lookup by one process, while the others wait for its value. */
interface LeasedLookup<R> {
  readonly store: Store
  /** The store's key of the lease. */
  readonly key: string
  /** The life of a lease, and the longest wait for another process, in milliseconds. */
  readonly life: number
  /** The state of the key before. */
  readonly snapshot: Snapshot
  readonly read: Effect.Effect<ReadonlyArray<Snapshot> | undefined>
  /** Gives readers the value of a snapshot, if it has a newer one, and returns true then. */
  readonly settle: (snapshot: Snapshot, now: number) => boolean
  readonly lookUp: (snapshot: Snapshot | undefined) => Effect.Effect<void, never, R>
}

/** The shortest and the longest pause between two reads of the owner's value, in milliseconds. */
const shortest = 5
const longest = 50

/**
 * Looks up under a lease, or takes the value of its owner. Waits for that at most `life`: an owner may be dead, or its value
 * not stored. Its own lookup and the deadlines of the cache come on top.
 */
export const underLease = Effect.fnUntraced(function* <R>(leased: LeasedLookup<R>): Effect.fn.Return<void, never, R> {
  const { key, life, lookUp, read, settle, store } = leased
  const clock = yield* Clock.Clock
  /** By a clock that is never set: a wall clock that is set back would let readers wait for longer. */
  const elapsed = (): number => elapsedBy(clock)
  const end = elapsed() + life
  const id = newId()
  let { snapshot }: { snapshot: Snapshot | undefined } = leased
  let pause = shortest

  const readAndSettle = Effect.map(read, (snapshots) => {
    snapshot = snapshots?.[0]
    return snapshot !== undefined && settle(snapshot, clock.currentTimeMillisUnsafe())
  })
  // The last owner may have stored its value, and given up its lease, a moment ago.
  const own = Effect.flatMap(readAndSettle, (isOver) => (isOver ? Effect.void : lookUp(snapshot)))

  let mayBeOwner = false
  // Uninterruptible: the process could not give up a lease that is on its way.
  const take = Effect.uninterruptible(
    store.attempt((cache) =>
      Effect.mapBoth(cache.setIfAbsent(key, id, { ttl: life }), {
        onFailure: (error) => {
          mayBeOwner = error.outcome === "Unknown"
          return error
        },
        onSuccess: (isOwner) => {
          mayBeOwner = isOwner
          return isOwner
        }
      })
    )
  )
  const release = Effect.suspend(() =>
    mayBeOwner ? store.attempt((cache) => cache.compareAndDelete(key, id)) : Effect.void
  )

  const looking = Effect.gen(function* () {
    while (snapshot !== undefined && elapsed() < end) {
      const isOwner = yield* take
      if (Option.isNone(isOwner)) snapshot = undefined
      else if (isOwner.value) return yield* own
      else if (yield* readAndSettle) return
      else {
        const left = end - elapsed()
        yield* Effect.sleep(Math.max(0, Math.min(Math.ceil(pause * (0.5 + (yield* Random.next))), left)))
        pause = Math.min(pause * 2, longest)
      }
    }
    yield* lookUp(snapshot)
  })
  yield* Effect.ensuring(looking, release)
})
