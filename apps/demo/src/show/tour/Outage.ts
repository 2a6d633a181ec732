/**
 * The loss of the cache's server, at will.
 */
import { Context, type Effect } from "effect"

/** Takes the cache's server away and brings it back. Provided where there is a server to lose. */
export class Outage extends Context.Service<
  Outage,
  {
    /** Makes the server accept everything and reply to nothing. */
    readonly freeze: Effect.Effect<void>
    /** Ends every connection and refuses new ones. */
    readonly cut: Effect.Effect<void>
    /** The server is back. */
    readonly restore: Effect.Effect<void>
  }
>()("@hexcache/demo/tour/Outage") {}
