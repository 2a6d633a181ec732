import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** An address that leads to one server after the other; connections to the one before stay open. */
export const address = Effect.acquireRelease(
  Effect.promise(async () => {
    const sockets = new Set<Socket>()
    let target = 0
    let accepted = 0
    const listener = createServer((client) => {
      accepted++
      const server = connect(target, "127.0.0.1")
      for (const socket of [client, server]) {
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => {
          client.destroy()
          server.destroy()
        })
      }
      client.pipe(server).pipe(client)
    })
    listener.listen(0, "127.0.0.1")
    await once(listener, "listening")
    return {
      url: `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`,
      accepted: () => accepted,
      leadTo: (port: number) => {
        target = port
      },
      close: () => {
        for (const socket of sockets) socket.destroy()
        listener.close()
      }
    }
  }),
  ({ close }) => Effect.sync(close)
)
