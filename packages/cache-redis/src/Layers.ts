/**
 * Puts the parts of a cache together: its connections open and close with the layer's scope, and publish their state.
 *
 * @internal
 */
import { type CacheDriver, type CacheError, CachePort, unsupported } from "@hexcache/cache-port"
import { Effect, Layer, type Scope } from "effect"
import { CommandBatcher } from "./batching/CommandBatcher.ts"
import * as ReplyError from "./commands/ReplyError.ts"
import { Connection, type ConnectionEvent, type ConnectionOptions } from "./connection/Connection.ts"
import * as NearCache from "./near/NearCache.ts"
import { TrackedEntries } from "./near/TrackedEntries.ts"
import type { CommonOptions } from "./Options.ts"
import * as RedisDriver from "./RedisDriver.ts"
import * as Settings from "./Settings.ts"
import { Cluster, type ClusterOptions } from "./topology/Cluster.ts"
import type { MasterWatch } from "./topology/MasterWatch.ts"
import { RedisStatus, StatusPublisher } from "./topology/RedisStatus.ts"
import * as Router from "./topology/Router.ts"

/** Makes the driver of a layer in its scope. */
type MakeDriver = (status: StatusPublisher) => Effect.Effect<CacheDriver, never, Scope.Scope>

/** Makes a layer. `check` throws a `RangeError` for options out of range, before any I/O. */
export const layerOf = (
  options: CommonOptions,
  names: Readonly<Record<string, true>>,
  check: () => MakeDriver
): Layer.Layer<CachePort | RedisStatus, CacheError> =>
  Layer.suspend(() => {
    const status = new StatusPublisher()
    const driver = Effect.flatMap(Settings.checked(check), (make) => make(status))
    return Layer.merge(
      CachePort.layerFromDriver(driver, options, Object.keys(names)),
      Layer.succeed(RedisStatus, status.service)
    )
  })

interface SingleServer extends Omit<ConnectionOptions, "report" | "tracking">, Pick<Settings.Settings, "nearCache"> {
  /** Reports that another server is the master. */
  readonly watch?: MasterWatch | undefined
}

/** The driver on one server at a time. */
export const single =
  ({ nearCache, watch, ...options }: SingleServer): MakeDriver =>
  (status) =>
    Effect.gen(function* () {
      const report = yield* reporter(status)
      const tracking = nearCache === undefined ? undefined : new TrackedEntries(nearCache)
      const connection = yield* Effect.acquireRelease(
        Effect.sync(() => new Connection({ ...options, tracking, report: (event) => report(event) })),
        (connection) => closing(connection, status)
      )
      status.follow({
        get state() {
          const { address, state } = connection
          return { ...state, nodes: address === undefined ? {} : { [address]: state } }
        }
      })
      if (watch !== undefined) {
        const onMoved = () => connection.replace(ReplyError.anotherMaster())
        yield* Effect.acquireRelease(
          Effect.sync(() => watch.start({ onMoved, report })),
          () => Effect.sync(() => watch.close())
        )
      }
      connection.start()
      const server = new CommandBatcher(connection, options.maxPending)
      const driver = RedisDriver.make(Router.single(server))
      return tracking === undefined ? driver : NearCache.make(driver, server, tracking)
    })

/** The driver on a cluster. */
export const cluster =
  (options: Omit<ClusterOptions, "report">): MakeDriver =>
  (status) =>
    Effect.gen(function* () {
      const report = yield* reporter(status)
      const cluster = yield* Effect.acquireRelease(
        Effect.sync(() => new Cluster({ ...options, report: (event) => report(event, "a node of the cluster: ") })),
        (cluster) => closing(cluster, status)
      )
      status.follow(cluster)
      cluster.start()
      return { ...RedisDriver.make(cluster), ...spreadOverSlots }
    })

const spreadOverSlots = unsupported({
  atomicBatches: "keys are spread over slots, and a batch is atomic for each slot"
})

const closing = (connections: Connection | Cluster, status: StatusPublisher): Effect.Effect<void> =>
  Effect.suspend(() => {
    status.end()
    return Effect.promise(() => connections.close())
  })

/** Publishes the state, and logs events without a caller with the loggers of the layer. */
const reporter = (status: StatusPublisher) =>
  Effect.map(Effect.context<never>(), (context) => (event: ConnectionEvent, server = "") => {
    if (event._tag === "StateChanged") status.publish()
    else Effect.runForkWith(context)(Effect.logWarning(`cache-redis: ${server}${changeOf(event)}`))
  })

const changeOf = (event: Exclude<ConnectionEvent, { readonly _tag: "StateChanged" }>): string => {
  if (event._tag === "ReadyAgain") return "connected again"
  const reason = `${event.failure.reason.message} (${event.failure.reason._tag})`
  switch (event._tag) {
    case "NotReady":
      return `${reason}; connecting anew`
    case "NotTracking":
      return `no near cache, as the server does not track: ${reason}`
    case "NoMap":
      return `does not return the map of slots: ${reason}`
    case "NotSubscribed":
      return `does not tell of failovers, and is asked each second: ${reason}`
  }
}
