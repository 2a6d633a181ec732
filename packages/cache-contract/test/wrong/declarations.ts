/**
 * Wrong caches whose drivers declare something else than what their stores lack.
 */
import { DriverFailure, Unavailable, Unsupported } from "@hexcache/cache-port"
import { Effect } from "effect"
import { type WrongCache, wrongDriver } from "./WrongCache.ts"

export const declarations: ReadonlyArray<WrongCache> = [
  wrongDriver("ttl: answers", "declares that the store returns no time to live, and returns it", () => ({
    unsupported: { ttl: "the store returns no time to live" }
  })),
  wrongDriver("scan: answers", "declares that the store does not list its keys, and lists them", () => ({
    unsupported: { enumeration: "the store does not list its keys" }
  })),
  wrongDriver("decrement: answers", "declares that the store does not count down, and counts down", () => ({
    unsupported: { negativeAmounts: "the store does not count down" }
  })),
  wrongDriver("getAndDelete: answers", "fails with Unsupported, and declares nothing", () => ({
    getAndDelete: () => Effect.fail(new DriverFailure(new Unsupported({ message: "not in this store" })))
  })),
  wrongDriver("compareAndDelete: answers", "declares what is missing, and says that it is away", () => ({
    unsupported: { compareAndDelete: "the store does not compare" },
    compareAndDelete: () => Effect.fail(new DriverFailure(new Unavailable({ message: "no connection" })))
  })),
  wrongDriver("expire: answers", "declares what is missing, and leaves its outcome open", () => ({
    unsupported: { expire: "the store changes no time to live" },
    expire: () => Effect.fail(new DriverFailure(new Unsupported({ message: "not in this store" }), "Unknown"))
  }))
]
