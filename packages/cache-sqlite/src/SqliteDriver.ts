/**
 * The operations of the port as transactions of a database.
 *
 * @internal
 */
import {
  type CacheDriver,
  DriverFailure,
  type DriverResult,
  Glob,
  OutOfMemory,
  TimedOut,
  TimeToLive
} from "@hexcache/cache-port"
import { Clock, Duration, Effect, Option, type Scope, Stream } from "effect"
import { Busy, type Connection } from "./Connection.ts"
import type { Store } from "./Store.ts"
import * as Sweep from "./Sweep.ts"
import { after, nextTurn, runForATurn } from "./Turns.ts"

/** The driver on a connection, which is closed with the scope. */
export const driverOf = (connection: Connection, timeout: number): Effect.Effect<CacheDriver, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => Sweep.start(connection)),
      (sweep) =>
        Effect.sync(() => {
          sweep.stop()
          connection.close()
        })
    ),
    (sweep) => driver(connection, timeout, sweep.saw)
  )

/** Keys or entries of a batch that are one transaction; a larger batch is carried out in parts, in several turns. */
const batchAtOnce = 1_000

/** Keys of one page, and steps of one match before the clock is looked at. */
const keysOfPage = 1_000
const matchAtOnce = 10_000

/** The pause before an operation that found a lock tries again, in milliseconds: a part of it at random. */
const pauseMillis = 4

const toEffect = <A>(result: DriverResult<A>): Effect.Effect<A, DriverFailure> =>
  result instanceof DriverFailure ? Effect.fail(result) : Effect.succeed(result)

const tooLarge = () =>
  new DriverFailure(new OutOfMemory({ message: "the entry alone is larger than maxBytes of the cache" }))

const driver = (connection: Connection, timeout: number, saw: (clock: Clock.Clock) => void): CacheDriver => {
  /** Runs one step on the store; again in later turns while another connection holds the lock. */
  const run = <A>(work: (store: Store, now: number) => DriverResult<A>): Effect.Effect<A, DriverFailure> =>
    Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      saw(clock)
      const attempt = () => connection.attempt((store) => work(store, clock.currentTimeMillisUnsafe()))
      const result = attempt()
      return result === Busy ? retry(attempt) : toEffect(result)
    })

  const retry = <A>(attempt: () => DriverResult<A> | typeof Busy): Effect.Effect<A, DriverFailure> =>
    Effect.callback((resume) => {
      const end = performance.now() + timeout
      const again = () => {
        const result = attempt()
        if (result !== Busy) resume(toEffect(result))
        else if (performance.now() >= end) {
          const message = "other connections held the lock of the database until the deadline"
          resume(Effect.fail(new DriverFailure(new TimedOut({ message }), "NotExecuted", "SQLITE_BUSY")))
        } else cancel = after((0.5 + Math.random() / 2) * pauseMillis, again)
      }
      let cancel = after(1, again)
      return Effect.sync(() => cancel())
    })

  const write = <A>(work: (store: Store, now: number) => DriverResult<A>): Effect.Effect<A, DriverFailure> =>
    run((store, now) => store.transaction(() => work(store, now)))

  /** A batch in one transaction, or in parts, each one transaction in a turn of its own. */
  const inParts = <I, A>(
    items: ReadonlyArray<I>,
    part: (items: ReadonlyArray<I>) => Effect.Effect<A, DriverFailure>
  ): Effect.Effect<ReadonlyArray<A>, DriverFailure> => {
    if (items.length <= batchAtOnce) return Effect.map(part(items), (result) => [result])
    const parts = Array.from({ length: Math.ceil(items.length / batchAtOnce) }, (_, index) =>
      items.slice(index * batchAtOnce, (index + 1) * batchAtOnce)
    )
    return Effect.forEach(parts, (items, index) => (index === 0 ? part(items) : Effect.andThen(nextTurn, part(items))))
  }

  /** Visits live keys that match, for a part of a turn; a step returns true at the end. */
  const walk = (pattern: string) => {
    const glob = Glob.compile(pattern)
    const prefix = Glob.literalPrefix(pattern)
    let from: Parameters<Store["keys"]>[1]
    /** A match that has taken several turns, and is not decided yet. */
    let matching: { readonly key: string; readonly decide: (steps: number) => boolean | undefined } | undefined
    return (store: Store, now: number, visit: (key: string) => void): boolean => {
      if (typeof glob === "string") return true
      const keys = store.keys(prefix, from, now)
      let visited = 0
      let isOver = false
      runForATurn(() => {
        const next = keys.next()
        isOver = next.done === true
        if (next.done === true) return true
        const [key, behind] = next.value
        const decide = matching?.key === key ? matching.decide : glob.begin(key)
        const isMatch = decide(matchAtOnce)
        matching = isMatch === undefined ? { key, decide } : undefined
        if (isMatch === undefined) return true
        from = behind
        if (isMatch) visit(key)
        return isMatch && ++visited === keysOfPage
      })
      keys.return(undefined)
      return isOver
    }
  }

  const pages = (pattern: string): Stream.Stream<ReadonlyArray<string>, DriverFailure> => {
    const step = walk(pattern)
    const nextPage = run((store, now) => {
      const page: Array<string> = []
      const isOver = step(store, now, (key) => page.push(key))
      return [[page], isOver ? Option.none() : Option.some(nextTurn)] as const
    })
    return Stream.paginate(Effect.void, (turn: Effect.Effect<void>) => Effect.andThen(turn, nextPage))
  }

  const deletePattern = (pattern: string): Effect.Effect<number, DriverFailure> =>
    Effect.suspend(() => {
      const step = walk(pattern)
      let removed = 0
      const deletePage: Effect.Effect<number, DriverFailure> = Effect.flatMap(
        write((store, now) => {
          const page: Array<string> = []
          const isOver = step(store, now, (key) => page.push(key))
          return { isOver, removed: page.filter((key) => store.delete(key, now)).length }
        }),
        (page) => {
          removed += page.removed
          return page.isOver ? Effect.succeed(removed) : Effect.andThen(nextTurn, deletePage)
        }
      )
      return deletePage
    })

  const expiry = (ttl: number | undefined, now: number): number => (ttl === undefined ? Infinity : now + ttl)

  const put = (store: Store, key: string, value: string, expiresAt: number, now: number) =>
    store.fits(key, value) ? store.set(key, value, expiresAt, now) : tooLarge()

  return {
    get: (key) => run((store, now) => store.get(key, now)),

    getMany: (keys) =>
      Effect.map(
        inParts(keys, (part) => run((store, now) => store.snapshot(() => part.map((key) => store.get(key, now))))),
        (parts) => parts.flat()
      ),

    set: (key, value, ttl) => write((store, now) => put(store, key, value, expiry(ttl, now), now)),

    setMany: (entries, ttl) =>
      Effect.asVoid(
        inParts(entries, (part) =>
          write((store, now) => {
            if (!part.every(([key, value]) => store.fits(key, value))) return tooLarge()
            store.setMany(part, expiry(ttl, now), now)
            return undefined
          })
        )
      ),

    setIfAbsent: (key, value, ttl) =>
      write((store, now) => {
        if (store.expiresAt(key, now) !== undefined) return false
        return put(store, key, value, expiry(ttl, now), now) ?? true
      }),

    deleteMany: (keys) =>
      Effect.map(
        inParts(keys, (part) => write((store, now) => part.filter((key) => store.delete(key, now)).length)),
        (parts) => parts.reduce((sum, removed) => sum + removed, 0)
      ),

    getAndDelete: (key) =>
      write((store, now) => {
        const value = store.get(key, now)
        if (value !== undefined) store.delete(key, now)
        return value
      }),

    compareAndDelete: (key, expected) =>
      write((store, now) => store.get(key, now) === expected && store.delete(key, now)),

    getAndExpire: (key, ttl) =>
      write((store, now) => {
        const value = store.get(key, now)
        store.expire(key, expiry(ttl, now), now)
        return value
      }),

    compareAndExpire: (key, expected, ttl) =>
      write((store, now) => store.get(key, now) === expected && store.expire(key, expiry(ttl, now), now)),

    exists: (key) => run((store, now) => store.expiresAt(key, now) !== undefined),

    expire: (key, ttl) =>
      write((store, now) => (ttl === 0 ? store.delete(key, now) : store.expire(key, expiry(ttl, now), now))),

    ttl: (key) =>
      run((store, now) => {
        const expiresAt = store.expiresAt(key, now)
        if (expiresAt === undefined) return TimeToLive.Missing()
        if (expiresAt === Infinity) return TimeToLive.Persistent()
        // A sum of long times is not exact, and may round up to more than the ttl.
        return TimeToLive.Expires({ remaining: Duration.millis(Math.min(expiresAt - now, Number.MAX_SAFE_INTEGER)) })
      }),

    increment: (key, amount, ttl) =>
      write((store, now) => {
        const sum = store.increment(key, amount, expiry(ttl, now), now)
        return sum === "TooLarge" ? tooLarge() : sum
      }),

    scan: (pattern) => Stream.suspend(() => pages(pattern)),

    scansOnce: true,

    deletePattern,

    flush: Effect.asVoid(deletePattern("*")),

    ping: run((store, now) => void store.expiresAt("", now))
  }
}
