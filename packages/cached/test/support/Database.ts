/**
 * The slow truth behind a cache: users, and how often they were looked up.
 */
import { CachePort } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Data, type Duration, Effect, Logger, Option, Schema } from "effect"

export const User = Schema.Struct({ id: Schema.Int, name: Schema.String, tags: Schema.Array(Schema.String) })
export interface User extends Schema.Schema.Type<typeof User> {}

export class DbError extends Data.TaggedError("DbError")<{ readonly reason: string }> {}

/** The end of a lookup that does not succeed. */
type Fault = Effect.Effect<never, DbError>

export class Database {
  readonly names = new Map<number, string>()
  readonly tags = new Map<number, ReadonlyArray<string>>()
  /** The ids that were looked up, in their order; those of one batch at once. */
  lookups: Array<number> = []
  batches: Array<ReadonlyArray<number>> = []
  /** The most lookups at the same time. */
  most = 0
  /** The duration of a lookup, after it has read and before it returns. */
  takes: Duration.Input = 0
  fault: Fault | undefined
  /** The number of lookups under way. */
  running = 0

  /** Every id has a name from the beginning; `names` changes it. */
  user(id: number): User {
    return { id, name: this.names.get(id) ?? `user ${id}`, tags: this.tags.get(id) ?? [] }
  }

  readonly find = (id: number): Effect.Effect<User, DbError> =>
    this.#slowly(() => {
      this.lookups.push(id)
      return this.user(id)
    })

  /** Odd ids have no user. */
  readonly findEven = (id: number): Effect.Effect<Option.Option<User>, DbError> =>
    Effect.map(
      this.find(id),
      Option.liftPredicate(({ id }) => id % 2 === 0)
    )

  readonly findMany = (ids: ReadonlyArray<number>): Effect.Effect<ReadonlyMap<number, User>, DbError> =>
    this.#slowly(() => {
      this.batches.push(ids)
      // In another order than that of the ids.
      return new Map(ids.toReversed().map((id) => [id, this.user(id)]))
    })

  #slowly<A>(read: () => A): Effect.Effect<A, DbError> {
    return Effect.suspend(() => {
      this.most = Math.max(this.most, ++this.running)
      const value = read()
      const answer = Effect.suspend((): Effect.Effect<A, DbError> => this.fault ?? Effect.succeed(value))
      return this.takes === 0 ? answer : Effect.delay(answer, this.takes)
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          this.running--
        })
      )
    )
  }
}

/** A store, a database, and a `Cached` between them. */
export const setup = () => {
  const store = new MapStore()
  const db = new Database()
  const run = Effect.provideService(CachePort, store.cache)
  return { store, db, run }
}

/** The options that most tests share. */
export const usual = (db: Database) => ({ namespace: "user", schema: User, lookup: db.find, ttl: "5 minutes" }) as const

/** Another process's view of the same users. */
export const otherProcess = (db: Database) => Cached.make(usual(db))

export const silently = Effect.provide(Logger.layer([]))
