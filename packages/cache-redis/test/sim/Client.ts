/** One client of a simulated server. */
import type { Connection } from "./Network.ts"
import { CommandReader, encode, Push, type Reply } from "./Resp.ts"

export class Client {
  readonly connection: Connection
  readonly reader = new CommandReader()
  protocol: 2 | 3 = 2
  isLoggedIn = false
  isTracking = false
  isAsking = false
  /** Connected to a master that is a replica by now. */
  isOfReplica = false
  /** Keys that it has read since the last message that they changed. */
  readonly tracked = new Set<string>()
  readonly channels = new Set<string>()
  isOpen = true

  constructor(connection: Connection) {
    this.connection = connection
  }

  push(parts: ReadonlyArray<Reply>): void {
    if (this.isOpen) this.connection.reply(Buffer.from(encode(new Push(parts), this.protocol)), true)
  }
}
