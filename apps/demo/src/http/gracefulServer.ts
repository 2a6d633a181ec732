/**
 * A Node server that stops without breaking a request.
 */
import { createServer, type Server as HttpServer } from "node:http"
import { Server as NetServer } from "node:net"
import { type Duration, Effect } from "effect"

/** A server, and how to stop it. */
export interface GracefulServer {
  readonly server: HttpServer
  /**
   * Refuses new connections at once, and ends when all that were open are gone. Node's own `close` ends kept connections
   * at once, and with them requests that are on their way; here they are answered first, and asked to close.
   */
  readonly stop: Effect.Effect<void>
}

/** Makes a server whose `stop` takes at most `stopWithin`. */
export const make = (stopWithin: Duration.Input): GracefulServer => {
  let isStopping = false
  const server = createServer().on("request", (_, response) => {
    if (isStopping) response.setHeader("connection", "close")
  })

  const refuse = Effect.callback<void>((resume) => {
    isStopping = true
    NetServer.prototype.close.call(server, () => resume(Effect.void))
  })
  const endIdle = Effect.sync(() => server.closeIdleConnections()).pipe(
    Effect.andThen(Effect.sleep("20 millis")),
    Effect.forever,
    Effect.delay(patience)
  )

  return {
    server,
    stop: Effect.raceFirst(refuse, endIdle).pipe(Effect.timeoutOption(stopWithin), Effect.asVoid)
  }
}

/** How long a client with a kept connection may take to send what it is about to send. */
const patience = "250 millis"
