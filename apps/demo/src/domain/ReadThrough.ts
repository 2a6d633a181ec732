/**
 * A typed view of one namespace of the cache that loads what is missing.
 */
import { type CacheError, CachePort, FailOpen } from "@hexcache/cache-port"
import { Deferred, type Duration, Effect, Exit, Option, Schema, type Scope } from "effect"

/** How a `ReadThrough` is made. */
export interface ReadThroughOptions<A> {
  /** A namespace of the cache that belongs to this view alone. */
  readonly namespace: string
  readonly schema: Schema.Codec<A, unknown>
  readonly ttl: Duration.Input
}

/**
 * Reads values of one type from the cache, or else loads and keeps them. No failure of the cache shows:
 *
 * - What cannot be read or decoded is a miss.
 * - After a read that the store failed nothing is written, so that a request waits for a dead store once.
 * - A value that was loaded while something was forgotten is answered but not kept, since it may be outdated.
 * - What is forgotten waits for the writes that are on their way, so that none of them brings it back.
 * - What the store failed to forget is owed: nothing is read from the namespace until it has been emptied, which goes on
 *   in the background.
 *
 * The last three hold within this process. What another process keeps of an outdated value ends with its time to live, and
 * so does a write that the store carries out long after it was given up on.
 */
export interface ReadThrough<A> {
  /** The kept value, or else the loaded one. That nothing was found is not kept. */
  readonly get: <E, R>(
    key: string,
    load: Effect.Effect<Option.Option<A>, E, R>
  ) => Effect.Effect<Option.Option<A>, E, R>
  /** As `get` for many keys: one read, one load of all that is missing, one write. */
  readonly getMany: <E, R>(
    keys: ReadonlyArray<string>,
    load: (missing: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, A>, E, R>
  ) => Effect.Effect<ReadonlyMap<string, A>, E, R>
  /** Removes entries. Called after the write that outdates them, in the same uninterruptible region. */
  readonly forget: (removal: (cache: CachePort["Service"]) => Effect.Effect<unknown, CacheError>) => Effect.Effect<void>
}

/** Makes the view. Its work in the background ends with the scope. */
export const make = Effect.fnUntraced(function* <A>({
  namespace,
  schema,
  ttl
}: ReadThroughOptions<A>): Effect.fn.Return<ReadThrough<A>, never, FailOpen | Scope.Scope> {
  const scope = yield* Effect.scope
  const failOpen = yield* FailOpen
  // A miss and a read that failed call for different things here, and so do a removal and one that failed.
  const cache = CachePort.namespaced(failOpen.strict, namespace)
  // What remains is bad input: a bug of this view's, and no failure of the store.
  const attempt = <B>(asked: Effect.Effect<B, CacheError>): Effect.Effect<Option.Option<B>> =>
    Effect.orDie(failOpen.attempt(asked))
  const codec = Schema.fromJsonString(Schema.toCodecJson(schema))
  const decode = Schema.decodeOption(codec)
  const encode = Schema.encodeSync(codec)

  /** Goes up with everything forgotten. */
  let generation = 0
  /** The generation of the last removal that failed; 0 when nothing is owed. */
  let owed = 0
  let isSettling = false
  /** The writes in flight. */
  const writes = new Set<Deferred.Deferred<void>>()

  const settle = Effect.suspend(() => {
    const paying = owed
    return Effect.map(attempt(cache.flush), (paid) => {
      if (Option.isSome(paid) && owed === paying) owed = 0
    })
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        isSettling = false
      })
    )
  )

  /** None when the store failed or may not be trusted. */
  const read = <B>(asked: Effect.Effect<B, CacheError>): Effect.Effect<Option.Option<B>> =>
    Effect.suspend(() => {
      if (owed === 0) return attempt(asked)
      if (isSettling) return Effect.succeedNone
      isSettling = true
      return Effect.as(Effect.forkIn(settle, scope), Option.none())
    })

  const forget: ReadThrough<A>["forget"] = (removal) =>
    Effect.gen(function* () {
      const forgetting = ++generation
      // A write that has begun may be slower than the removal, and would bring back what it removes.
      yield* Effect.forEach(Array.from(writes), Deferred.await, { discard: true })
      const removed = yield* attempt(removal(cache))
      if (Option.isNone(removed)) owed = forgetting
    })

  // Uninterruptible, so that a client that goes away leaves no outdated value behind.
  const keep = (write: Effect.Effect<void, CacheError>, loadedAt: number): Effect.Effect<void> =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        if (generation !== loadedAt) return Effect.void
        const ended = Deferred.makeUnsafe<void>()
        writes.add(ended)
        return Effect.ensuring(
          Effect.asVoid(attempt(write)),
          Effect.sync(() => {
            writes.delete(ended)
            Deferred.doneUnsafe(ended, Exit.void)
          })
        )
      })
    )

  return {
    get: Effect.fnUntraced(function* (key, load) {
      const answer = yield* read(cache.get(key))
      const kept = Option.flatMap(Option.flatten(answer), decode)
      if (Option.isSome(kept)) return kept

      const loadedAt = generation
      const loaded = yield* load
      if (Option.isSome(answer) && Option.isSome(loaded)) {
        yield* keep(cache.set(key, encode(loaded.value), { ttl }), loadedAt)
      }
      return loaded
    }),

    getMany: Effect.fnUntraced(function* (keys, load) {
      const answer = yield* read(cache.getMany(keys))
      const values = new Map<string, A>()
      for (const [key, text] of Option.getOrElse(answer, () => nothing)) {
        const kept = Option.flatMap(text, decode)
        if (Option.isSome(kept)) values.set(key, kept.value)
      }
      const missing = keys.filter((key) => !values.has(key))
      if (missing.length === 0) return values

      const loadedAt = generation
      const loaded = yield* load(missing)
      if (Option.isSome(answer) && loaded.size > 0) {
        const entries = Array.from(loaded, ([key, value]) => [key, encode(value)] as const)
        yield* keep(cache.setMany(entries, { ttl }), loadedAt)
      }
      return new Map([...values, ...loaded])
    }),

    forget
  }
})

const nothing: ReadonlyMap<string, Option.Option<string>> = new Map()
