/**
 * A Redis that the demo starts for itself, to be lost at will.
 */
import { askRedis, RedisServer } from "@hexcache/redis-testkit"
import { Context, Data, Effect, Layer, Option, Schema, Semaphore } from "effect"

/** The state of the server's process. */
export const RedisState = Schema.Literals(["running", "frozen", "killed"])
export type RedisState = typeof RedisState.Type

/** No server can be started: there is none on this machine, or it does not answer. */
export class NoRedis extends Data.TaggedError("NoRedis")<{ readonly message: string }> {}

/** Provided where the demo has started its own Redis, which ends with the demo, whatever state it is in. */
export class OwnRedis extends Context.Service<
  OwnRedis,
  {
    readonly url: string
    readonly state: () => RedisState
    /**
     * Stops the server's process, so that it accepts everything and replies to nothing. Does nothing to a killed
     * server.
     */
    readonly freeze: Effect.Effect<void>
    /** A frozen server goes on. */
    readonly thaw: Effect.Effect<void>
    /** Ends the server without a word. */
    readonly kill: Effect.Effect<void>
    /** Starts an empty server in place of the one before. */
    readonly restart: Effect.Effect<void, NoRedis>
    /** Bytes that the server has in use; none while it does not answer. */
    readonly memory: Effect.Effect<Option.Option<number>>
  }
>()("@hexcache/demo/redis/OwnRedis") {
  static readonly layer: Layer.Layer<OwnRedis, NoRedis> = Layer.effect(
    OwnRedis,
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        attempt(() => RedisServer.start()),
        (server) => Effect.promise(() => server.stop())
      )
      // Whoever clicks fast must not start two.
      const oneAtATime = Semaphore.makeUnsafe(1).withPermit
      let state: RedisState = "running"
      const become = (next: RedisState) =>
        Effect.sync(() => {
          state = next
        })

      return OwnRedis.of({
        url: server.url,
        state: () => state,
        freeze: oneAtATime(
          Effect.suspend(() => {
            if (state === "killed") return Effect.void
            server.freeze()
            return become("frozen")
          })
        ),
        thaw: oneAtATime(
          Effect.suspend(() => {
            if (state !== "frozen") return Effect.void
            server.thaw()
            return become("running")
          })
        ),
        kill: oneAtATime(
          Effect.andThen(
            Effect.promise(() => server.kill()),
            become("killed")
          )
        ),
        restart: oneAtATime(
          Effect.andThen(
            attempt(() => server.restart()),
            become("running")
          )
        ),
        memory: Effect.suspend(() => (state === "running" ? memoryOf(server.url) : Effect.succeedNone))
      })
    })
  )
}

const attempt = <A>(start: () => Promise<A>): Effect.Effect<A, NoRedis> =>
  Effect.tryPromise({ try: start, catch: (error) => new NoRedis({ message: (error as Error).message }) })

const memoryOf = (url: string): Effect.Effect<Option.Option<number>> =>
  Effect.promise(async () => {
    const info = await askRedis(url, ["INFO", "memory"], 200).catch(() => "")
    return Option.map(Option.fromNullishOr(info.match(/^used_memory:(\d+)/m)), ([, bytes]) => Number(bytes))
  })
