import { assert, it } from "@effect/vitest"
import { Codec } from "@hexcache/cache-codec"
import { CacheKeyValueStore, CachePersistence } from "@hexcache/cache-effect"
import { CacheMemory } from "@hexcache/cache-memory"
import { Cached } from "@hexcache/cached"
import { Duration, Effect, Layer, Schema } from "effect"
import { KeyValueStore, Persistable, PersistedCache } from "effect/persistence"

class UserById extends Persistable.Class<{ payload: { id: number } }>()("UserById", {
  primaryKey: ({ id }) => `${id}`,
  success: Schema.String
}) {}

it.effect("Effect's PersistedCache looks a value up once", () =>
  Effect.gen(function* () {
    let lookups = 0
    const lookUp = ({ id }: UserById) => Effect.sync(() => `user ${id}, look-up ${++lookups}`)
    const options = { storeId: "users", timeToLive: () => Duration.minutes(5) }
    const [one, other] = [yield* PersistedCache.make(lookUp, options), yield* PersistedCache.make(lookUp, options)]
    assert.strictEqual(yield* one.get(new UserById({ id: 1 })), "user 1, look-up 1")
    assert.strictEqual(yield* other.get(new UserById({ id: 1 })), "user 1, look-up 1")
  }).pipe(Effect.provide(Layer.provide(CachePersistence.layer, CacheMemory.layer())))
)

it.effect("Effect's KeyValueStore reads what it wrote", () =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore.KeyValueStore
    yield* store.set("greeting", "hello")
    assert.strictEqual(yield* store.get("greeting"), "hello")
  }).pipe(Effect.provide(Layer.provide(CacheKeyValueStore.layer, CacheMemory.layer())))
)

it.effect("Cached reads what it compressed", () =>
  Effect.gen(function* () {
    const text = "a long text ".repeat(1_000)
    const texts = Cached.make({
      namespace: "text",
      schema: Schema.String,
      lookup: (_: string) => Effect.succeed(text),
      ttl: "1 hour",
      codec: Codec.compressed()
    })
    assert.strictEqual(yield* texts.get("one"), text)
    assert.strictEqual(yield* texts.get("one"), text)
  }).pipe(Effect.provide(CacheMemory.layer()))
)
