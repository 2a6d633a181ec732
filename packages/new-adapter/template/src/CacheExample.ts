/**
 * The Example adapter.
 */
import {
  type CacheDriver,
  type CacheError,
  CachePort,
  DriverFailure,
  type FromDriverOptions,
  Unknown
} from "@hexcache/cache-port"
import { Effect, type Layer, type Scope, Stream } from "effect"

/** Where the cache is, and for whom. */
export interface CacheExampleOptions extends FromDriverOptions {
  // The way to the store: a path, a URL, a client.
}

/** A cache on Example, open as long as the layer's scope. */
export const layer = (options: CacheExampleOptions = {}): Layer.Layer<CachePort, CacheError> =>
  CachePort.layerFromDriver(make(options), options)

/** Opens the store; `Effect.acquireRelease` closes it with the scope. */
const make = (options: CacheExampleOptions): Effect.Effect<CacheDriver, CacheError, Scope.Scope> =>
  Effect.sync(() => driver(options))

/**
 * The members of `CacheDriver` document each operation: arguments, effect, result. Keys have the namespace in front,
 * and all input is checked. An operation fails with a `DriverFailure` and never throws.
 */
const driver = (_options: CacheExampleOptions): CacheDriver => ({
  get: (_key) => unwritten("get"),
  getMany: (_keys) => unwritten("getMany"),
  set: (_key, _value, _ttl) => unwritten("set"),
  setMany: (_entries, _ttl) => unwritten("setMany"),
  setIfAbsent: (_key, _value, _ttl) => unwritten("setIfAbsent"),
  deleteMany: (_keys) => unwritten("deleteMany"),
  getAndDelete: (_key) => unwritten("getAndDelete"),
  compareAndDelete: (_key, _expected) => unwritten("compareAndDelete"),
  getAndExpire: (_key, _ttl) => unwritten("getAndExpire"),
  compareAndExpire: (_key, _expected, _ttl) => unwritten("compareAndExpire"),
  exists: (_key) => unwritten("exists"),
  expire: (_key, _ttl) => unwritten("expire"),
  ttl: (_key) => unwritten("ttl"),
  increment: (_key, _amount, _ttl) => unwritten("increment"),
  scan: (_pattern) => Stream.fromEffect(unwritten("scan")),
  deletePattern: (_pattern) => unwritten("deletePattern"),
  flush: unwritten("flush"),
  ping: unwritten("ping")
})

/** The failure of an operation that is still to be written; goes with the last of them. */
const unwritten = (operation: keyof CacheDriver): Effect.Effect<never, DriverFailure> =>
  Effect.fail(new DriverFailure(new Unknown({ message: `${operation} is not written yet` })))
