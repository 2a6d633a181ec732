import { type CacheError, CachePort } from "@hexcache/cache-port"
import { type RedisState, RedisStatus } from "@hexcache/cache-redis"
import { Context, Effect, Layer, Stream } from "effect"
import { endsWithin } from "./bounds.ts"

/** A cache whose state is watched from the beginning, for as long as the scope is open. */
export const watched = (layer: Layer.Layer<CachePort | RedisStatus, CacheError>) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(layer)
    const { changes, current } = Context.get(context, RedisStatus)
    const seen: Array<RedisState> = []
    yield* Effect.forkScoped(
      Stream.runForEach(changes, (state) => Effect.sync(() => seen.push(state))),
      { startImmediately: true }
    )
    return {
      cached: Context.get(context, CachePort),
      current,
      /** The states so far, of those that follow each other with one tag the last. */
      tags: () => seen.map(({ _tag }) => _tag).filter((tag, index, tags) => tag !== tags[index - 1]),
      /** Waits until the state has this tag, and is so, which it may be already. */
      until: <Tag extends RedisState["_tag"]>(
        tag: Tag,
        isSo: (state: Extract<RedisState, { readonly _tag: Tag }>) => boolean = () => true
      ) => {
        const found = (state: RedisState): state is Extract<RedisState, { readonly _tag: Tag }> =>
          state._tag === tag && isSo(state as Extract<RedisState, { readonly _tag: Tag }>)
        return endsWithin(
          60_000,
          Effect.flatMap(Stream.runHead(Stream.filter(changes, found)), (state) =>
            Effect.orDie(Effect.fromOption(state))
          )
        )
      }
    }
  })
