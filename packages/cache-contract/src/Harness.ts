/**
 * The description of a store that a test gives to the contract, and the context that the contract gives to a law.
 */
import { CachePort, type MissingFeatures } from "@hexcache/cache-port"
import { Effect, type Layer, type Scope } from "effect"
import type { Time } from "./Time.ts"

/** How an adapter is examined. */
export interface Harness {
  /**
   * How time passes: `"TestClock"` for a store whose time is Effect's `Clock`, so that no test sleeps; `"real"` for one
   * with a clock of its own, so that tests wait for it.
   */
  readonly time: "TestClock" | "real"
  /**
   * False to leave out the chapter scale, of batches of 130,000 keys, scans of 25,000 and values of 32 MiB. True by default.
   */
  readonly scale?: boolean | undefined
  /**
   * The adapter's layer with this namespace, on the store that the examined layer has. Without it the laws on layers
   * that share a store are left out, for stores that are one layer's own.
   */
  readonly layerWithNamespace?: ((namespace: string) => Layer.Layer<CachePort, unknown>) | undefined
  /**
   * The most milliseconds by which a `get` may return what was there before: a near cache learns late of the writes of
   * others. 0 by default.
   */
  readonly lateReads?: number | undefined
  /**
   * Puts something that is not text at a key of the store itself, for instance a list, given the port's namespace as
   * part of the key. Without it the laws on other types of value are left out, for stores that have text only.
   */
  readonly setOtherType?: ((key: string) => Effect.Effect<void, unknown>) | undefined
  /**
   * Opens a store that is one law's own, and closes it with the scope. Without it the chapters failure and shutdown are
   * left out, for stores without a server. Needs `time: "real"`.
   */
  readonly store?: Effect.Effect<Store, unknown, Scope.Scope> | undefined
  /**
   * Opens a store that is one law's own, and closes it with the scope, for stores of one lock: a file. Without it the laws
   * on a lock that somebody else holds are left out. These laws take real time, whatever `time` says.
   */
  readonly lockable?: Effect.Effect<LockableStore, unknown, Scope.Scope> | undefined
}

/** A store whose writers wait for one another by a lock, and how another one holds it. Each effect ends when it is so. */
export interface LockableStore extends Pick<Store, "layer" | "deadline"> {
  /** Somebody else takes the lock, and keeps it. */
  readonly lock: Effect.Effect<void>
  /** Somebody else releases the lock. */
  readonly unlock: Effect.Effect<void>
}

/** A store with a server, and how it is put out of order. Each effect ends when it is so. */
export interface Store {
  /** The cache on this store. */
  readonly layer: Layer.Layer<CachePort, unknown>
  /** By when every operation of that cache ends, in milliseconds. */
  readonly deadline: number
  /** Texts that no message may hold, the server's address and its password for instance. None by default. */
  readonly secrets?: ReadonlyArray<string> | undefined
  /** Connections stay open and are accepted, nothing is answered. */
  readonly freeze: Effect.Effect<void>
  /** The server goes on, beginning with what was sent to it meanwhile. */
  readonly thaw: Effect.Effect<void>
  /** The server is gone, and its data with it. */
  readonly kill: Effect.Effect<void>
  /** Starts an empty server in the place of the killed one, and waits until it works. */
  readonly restart: Effect.Effect<void>
  /** The network swallows what is sent, both ways, and tells nobody. */
  readonly cutOff: Effect.Effect<void>
  /** The network carries new connections again; the old ones stay silent. */
  readonly reconnect: Effect.Effect<void>
}

/** The context in which a law is checked. */
export interface LawContext {
  /** The cache under examination, as a namespace of its own that is empty. */
  readonly cache: CachePort["Service"]
  /** The cache as the layer made it; a law that uses it owns the keys that it writes. */
  readonly port: CachePort["Service"]
  /** The key in the store of a key in `cache`, below the namespace that the layer itself has. */
  readonly storedKey: (key: string) => string
  readonly time: Time
  readonly harness: Harness
  /** Returns a cache whose operations are recorded, for one that the law makes itself. Undefined where nothing is. */
  readonly observe: ((cache: CachePort["Service"]) => CachePort["Service"]) | undefined
  /** The features that the driver declares as missing, each with the reason. */
  readonly missing: MissingFeatures
}

let contexts = 0

/**
 * Makes the context of a law, on a new namespace of the port. In real time its keys are removed with the scope, since every
 * key that stays makes the scans of other laws on the same store slower.
 */
export const makeLawContext = (
  harness: Harness,
  time: Time,
  observe: LawContext["observe"]
): Effect.Effect<LawContext, never, CachePort | Scope.Scope> =>
  Effect.gen(function* () {
    const made = yield* CachePort
    const port = observe === undefined ? made : observe(made)
    const namespace = `contract-${++contexts}-${Math.random().toString(36).slice(2)}`
    const cache = CachePort.namespaced(port, namespace)
    if (harness.time === "real") {
      const unobserved = CachePort.namespaced(made, namespace)
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(unobserved.flush, "5 seconds")))
    }
    const missing = CachePort.unsupported(port)
    return { cache, port, storedKey: (key) => `${namespace}:${key}`, time, harness, observe, missing }
  })
