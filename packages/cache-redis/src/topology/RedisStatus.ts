/**
 * The state of the connections to Redis, to read and to watch.
 */
import { Context, Effect, Equal, Option, Queue, Stream } from "effect"
import { ConnectionState } from "../connection/ConnectionState.ts"

/**
 * The state of a cache on Redis as a whole, and in `nodes` that of each server by its `host:port`, or by the path of its
 * Unix socket.
 *
 * - On one server the two are the same.
 * - Behind Sentinel the one node is the master that the sentinels named last; there is none before they have.
 * - On a Cluster the nodes are those of the map of slots, replicas too. The whole is `Up` if every slot has a master that
 *   is `Up`; `Down` if a slot has no master, or one that is `Down`, with the worst reason among them; otherwise
 *   `Connecting`. So operations on some keys may succeed while it is not `Up`.
 */
export type RedisState = ConnectionState & { readonly nodes: Readonly<Record<string, ConnectionState>> }

/**
 * The state of the connections of a cache on Redis. Every layer of `CacheRedis` provides it beside `CachePort`. Reading
 * and watching it sends nothing.
 *
 * @example
 * ```ts
 * const logged = RedisStatus.use(({ changes }) =>
 *   Stream.runForEach(changes, ({ _tag }) => Effect.log(`Redis: ${_tag}`))
 * )
 * ```
 */
export class RedisStatus extends Context.Service<
  RedisStatus,
  {
    /** The state now. `Down` once the layer's scope is closed. */
    readonly current: Effect.Effect<RedisState>
    /**
     * The state now, and every change from then on. Ends when the layer's scope closes. A slow watcher misses the oldest
     * of more than 16 changes.
     */
    readonly changes: Stream.Stream<RedisState>
    /**
     * Succeeds as soon as the state is `Up`. Never fails, so bound it by `Effect.timeout`. Interrupted when the layer's
     * scope closes.
     */
    readonly ready: Effect.Effect<void>
  }
>()("@hexcache/cache-redis/RedisStatus") {}

/** The number of changes that wait for a slow watcher. */
const bufferSize = 16

/**
 * Holds connections and knows their state.
 *
 * @internal
 */
export interface StatusSource {
  readonly state: RedisState
}

/** Takes each state once; undefined is the end. */
type Watcher = (state: RedisState | undefined) => void

/**
 * Serves `RedisStatus` from whatever holds the connections.
 *
 * @internal
 */
export class StatusPublisher {
  readonly service: RedisStatus["Service"]
  readonly #watchers = new Set<Watcher>()
  #source: StatusSource | undefined
  #published: RedisState | undefined
  #isDue = false
  #isOver = false

  constructor() {
    const changes = Stream.callback<RedisState>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() =>
            this.#watch((state) => {
              if (state === undefined) Queue.endUnsafe(queue)
              else Queue.offerUnsafe(queue, state)
            })
          ),
          (unwatch) => Effect.sync(unwatch)
        ),
      { bufferSize, strategy: "sliding" }
    )
    this.service = RedisStatus.of({
      current: Effect.sync(() => this.#state),
      changes,
      ready: Effect.flatMap(
        Stream.runHead(Stream.filter(changes, ConnectionState.$is("Up"))),
        Option.match({ onNone: () => Effect.interrupt, onSome: () => Effect.void })
      )
    })
  }

  /** Serves the state of this source from now on. */
  follow(source: StatusSource): void {
    this.#source = source
  }

  /** Sends the state to the watchers when the current step is over, unless they have it already. */
  publish(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      const state = this.#state
      if (this.#isOver || Equal.equals(state, this.#published)) return
      this.#published = state
      for (const watcher of this.#watchers) watcher(state)
    })
  }

  /** Ends every watch: the connections are about to be closed. */
  end(): void {
    this.#isOver = true
    for (const watcher of this.#watchers) watcher(undefined)
  }

  #watch(watcher: Watcher): () => void {
    watcher(this.#state)
    if (this.#isOver) watcher(undefined)
    else this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** No caller has the service before the layer is built, and so before there is a source. */
  get #state(): RedisState {
    return (this.#source as StatusSource).state
  }
}
