import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Effect, type Scope } from "effect"

/** The decision of a relay about a command: pass it on, reply to it itself, or hang up. */
export type Verdict = "pass" | "hang up" | { readonly answer: string }

/** A relay in front of a server, and the names of the commands that came in. */
export interface Relay {
  readonly port: number
  readonly commands: ReadonlyArray<string>
}

/** A proxy that reads the commands, as those do that share servers among their clients, for as long as the scope is open. */
export const relay = (
  serverPort: number,
  judge: (name: string) => Verdict = () => "pass"
): Effect.Effect<Relay, never, Scope.Scope> =>
  Effect.gen(function* () {
    const commands: Array<string> = []
    const sockets = new Set<Socket>()
    const listener = createServer((client) => {
      const server = connect({ port: serverPort, host: "127.0.0.1" })
      for (const [socket, other] of [
        [client, server],
        [server, client]
      ] as const) {
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => {
          sockets.delete(socket)
          other.destroy()
        })
      }
      server.pipe(client)
      let kept = ""
      client.on("data", (bytes) => {
        kept += bytes.toString("latin1")
        for (let command = take(kept); command !== undefined; command = take(kept)) {
          kept = kept.slice(command.bytes.length)
          commands.push(command.name)
          const verdict = judge(command.name)
          if (verdict === "pass") server.write(Buffer.from(command.bytes, "latin1"))
          else if (verdict === "hang up") client.destroy()
          else client.write(verdict.answer)
        }
      })
    })
    listener.listen(0, "127.0.0.1")
    yield* Effect.acquireRelease(
      Effect.promise(() => once(listener, "listening")),
      () =>
        Effect.sync(() => {
          listener.close()
          for (const socket of sockets) socket.destroy()
        })
    )
    return { port: (listener.address() as AddressInfo).port, commands }
  })

/** The first command, an array of texts, if all of it is there. */
const take = (text: string): { readonly name: string; readonly bytes: string } | undefined => {
  const [head, count] = /^\*(\d+)\r\n/.exec(text) ?? []
  if (head === undefined) return undefined
  let at = head.length
  let name = ""
  for (let index = 0; index < Number(count); index++) {
    const [begin, length] = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20)) ?? []
    if (begin === undefined) return undefined
    const end = at + begin.length + Number(length)
    if (text.length < end + 2) return undefined
    if (index === 0) name = text.slice(at + begin.length, end).toUpperCase()
    at = end + 2
  }
  return { name, bytes: text.slice(0, at) }
}
