/**
 * The state of the connections of a cache.
 */
import { CacheError, type CacheErrorReason, InvalidArgument } from "@hexcache/cache-port"
import { type Context, DateTime, Effect, type Stream } from "effect"

/**
 * The state of a connection, as an operation meets it: `"up"` sends it, `"connecting"` lets it wait within its deadline,
 * `"down"` fails it at once with `reason`.
 */
export interface ConnectionStatus {
  readonly state: "up" | "connecting" | "down"
  readonly since: Date
  /** While it is down. It holds no password and no address. */
  readonly reason?: CacheErrorReason
  /** The first word of the server's reply, where there was one. */
  readonly serverCode?: string
}

/** The state of a cache as a whole, and in `nodes` that of each server by its `host:port`. */
export interface CacheStatus extends ConnectionStatus {
  readonly nodes: Readonly<Record<string, ConnectionStatus>>
}

interface ConnectionState {
  readonly _tag: "Up" | "Connecting" | "Down"
  readonly since: DateTime.Utc
  readonly reason?: CacheErrorReason
  readonly serverCode?: string | undefined
}

interface CacheState extends ConnectionState {
  readonly nodes: Readonly<Record<string, ConnectionState>>
}

/** The service in which an adapter has the state of its connections: `RedisStatus` of `@hexcache/cache-redis`. */
export interface StatusService {
  readonly key: string
  readonly Service: {
    readonly current: Effect.Effect<CacheState>
    readonly changes: Stream.Stream<CacheState>
  }
}

/**
 * The service in the context of an opened layer, if one is wanted.
 *
 * @internal
 */
export const statusIn = (
  context: Context.Context<never>,
  service: StatusService | undefined
): Effect.Effect<StatusService["Service"] | undefined, CacheError> => {
  if (service === undefined) return Effect.undefined
  const found = context.mapUnsafe.get(service.key) as StatusService["Service"] | undefined
  if (found !== undefined) return Effect.succeed(found)
  const reason = new InvalidArgument({ message: "the layer does not have the service of the option status" })
  return Effect.fail(new CacheError({ operation: "layer", reason }))
}

/**
 * The state in plain words.
 *
 * @internal
 */
export const statusOf = ({ nodes, ...whole }: CacheState): CacheStatus => ({
  ...connectionOf(whole),
  nodes: Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, connectionOf(node)]))
})

const connectionOf = ({ _tag, reason, serverCode, since }: ConnectionState): ConnectionStatus => ({
  state: states[_tag],
  since: DateTime.toDate(since),
  ...(reason === undefined ? undefined : { reason }),
  ...(serverCode === undefined ? undefined : { serverCode })
})

const states = { Up: "up", Connecting: "connecting", Down: "down" } as const
