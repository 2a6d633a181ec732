/**
 * One lookup of a key among many processes.
 *
 * @internal
 */
import { Clock, Effect, Option, Random } from "effect"
import { newId } from "./Generation.ts"
import type { Finding, Ground, Storage } from "./Storage.ts"

/** A key that is looked up by one process, while the others wait for what it keeps. */
export interface Leased<R> {
  readonly storage: Storage
  /** Where the lease is. */
  readonly name: string
  /** How long a lease lasts, and how long another is waited for, in milliseconds. */
  readonly lease: number
  /** What was found before. */
  readonly ground: Ground
  readonly find: Effect.Effect<ReadonlyArray<Finding> | undefined>
  /** Whether what is found now is the answer; then it has been given. */
  readonly isAnswer: (finding: Finding, now: number) => boolean
  readonly lookUp: (ground: Ground | undefined) => Effect.Effect<void, never, R>
}

/** The shortest and the longest pause between two looks for what the owner keeps, in milliseconds. */
const shortest = 5
const longest = 50

/**
 * Looks up under a lease, or takes the answer of who has it. It waits for another at most `lease`: an owner may be dead, or
 * its value not kept. To that come its own lookup and the deadlines of the cache.
 */
export const under = Effect.fnUntraced(function* <R>(leased: Leased<R>): Effect.fn.Return<void, never, R> {
  const { find, isAnswer, lease, lookUp, name, storage } = leased
  const clock = yield* Clock.Clock
  /** Of a clock that nobody sets: where the wall clock is set back, readers would wait for longer. */
  const elapsed = (): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const end = elapsed() + lease
  const id = newId()
  let { ground }: { ground: Ground | undefined } = leased
  let pause = shortest

  const isAnswered = Effect.map(find, (findings) => {
    const finding = findings?.[0]
    ground = finding?.ground
    return finding !== undefined && isAnswer(finding, clock.currentTimeMillisUnsafe())
  })
  // The last owner may have kept its value, and given up its lease, a moment ago.
  const own = Effect.flatMap(isAnswered, (isOver) => (isOver ? Effect.void : lookUp(ground)))

  let mayBeOwner = false
  // To its end, whoever goes away meanwhile: a lease that is on its way cannot be given up.
  const take = Effect.uninterruptible(
    storage.attempt((cache) =>
      Effect.mapBoth(cache.setIfAbsent(name, id, { ttl: lease }), {
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
    mayBeOwner ? storage.attempt((cache) => cache.compareAndDelete(name, id)) : Effect.void
  )

  const looking = Effect.gen(function* () {
    while (ground !== undefined && elapsed() < end) {
      const isOwner = yield* take
      if (Option.isNone(isOwner)) ground = undefined
      else if (isOwner.value) return yield* own
      else if (yield* isAnswered) return
      else {
        const left = end - elapsed()
        yield* Effect.sleep(Math.max(0, Math.min(Math.ceil(pause * (0.5 + (yield* Random.next))), left)))
        pause = Math.min(pause * 2, longest)
      }
    }
    yield* lookUp(ground)
  })
  yield* Effect.ensuring(looking, release)
})
