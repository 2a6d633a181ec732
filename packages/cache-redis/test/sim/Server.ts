/**
 * A simulated Redis: what the adapter sends to one, on keys of its own. A command that the simulation does not know, or a
 * script of another text, ends it.
 */
import type { Checker } from "./Account.ts"
import { Client } from "./Client.ts"
import type { EventLog } from "./EventLog.ts"
import { Keyspace } from "./Keyspace.ts"
import type { Loop } from "./Loop.ts"
import type { Connection, Network, Peer } from "./Network.ts"
import { always, type Refusal, refusalOf, refuses, writes } from "./Refusal.ts"
import { encode, Failure, ok, Push, type Reply, Status } from "./Resp.ts"
import { Scripts } from "./Scripts.ts"

/** Hears of each command when it comes in, and of each write in the moment in which it is carried out. */
export interface WriteListener {
  readonly received: (name: string) => void
  /** Hears of each refusal of a command, by its first word. */
  readonly refused: (word: string) => void
  readonly wrote: (server: Server, key: string, value: string) => void
  readonly added: (server: Server, key: string, amount: number) => void
  readonly isWrong: (checker: Checker, what: string) => void
}

/** A proxy in the place of a server that is gone: it replies to handshakes and PING, or refuses everything. */
export type Proxy = "answering" | "refusing"

/** Refusals of a connection, in the moment in which it is made. */
export type Turning = "DENIED" | "max clients" | "hang up" | "hang up behind the handshake"

/** First bytes of replies; that of a refusal would turn a success into one. */
const types = Buffer.from("$*+:%>_#,~?")

export class Server {
  readonly address: string
  readonly keyspace: Keyspace
  readonly loop: Loop
  readonly log: EventLog
  readonly clients = new Set<Client>()
  readonly scripts = new Scripts()
  listener: WriteListener | undefined
  refusal: Refusal | undefined
  turning: Turning | undefined
  proxy: Proxy | undefined
  /** Damages replies. */
  isGarbling = false
  password: string | undefined
  /** HELLO is unknown, as before Redis 6. */
  isOld = false
  isMaster = true
  /** Hears of every key that has changed. */
  onWritten: (key: string) => void = () => {}
  /** When the process wrote what the server reads now. */
  readingSince = 0
  /** The client whose commands are carried out, and its messages behind the reply. */
  #current: Client | undefined
  #behind: Array<Push> = []
  #isFrozen = false
  #unread: Array<() => void> = []
  readonly #network: Network

  constructor(network: Network, address: string) {
    this.#network = network
    this.loop = network.loop
    this.log = network.log
    this.address = address
    this.keyspace = new Keyspace(() => this.loop.now)
    this.keyspace.onChange = (key) => {
      this.#changed(key)
      this.onWritten(key)
    }
    this.listen()
  }

  listen(): void {
    this.#network.listen(this.address, (connection) => this.#accept(connection))
  }

  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
    const unread = this.#unread
    this.#unread = []
    for (const read of unread) read()
  }

  /** Ends the process, and with it all it holds. */
  kill(): void {
    this.#isFrozen = false
    this.#unread = []
    this.#network.weather(this.address).isRefused = true
    for (const { connection } of [...this.clients]) connection.reset()
    this.clients.clear()
    this.keyspace.clear()
    this.scripts.clear()
  }

  /** Makes another server the master behind the same name: who is connected stays with the old one, a replica now. */
  demote(): void {
    for (const client of this.clients) client.isOfReplica = true
  }

  /** Starts again behind a kill. */
  restart(): void {
    this.#network.weather(this.address).isRefused = false
  }

  #accept(connection: Connection): Peer {
    const client = new Client(connection)
    this.clients.add(client)
    this.#refuse(connection)
    return {
      received: (bytes, sentAt) => {
        if (this.#isFrozen) this.#unread.push(() => this.#received(client, bytes, sentAt))
        else this.#received(client, bytes, sentAt)
      },
      closed: () => {
        client.isOpen = false
        this.clients.delete(client)
      }
    }
  }

  #refuse(connection: Connection): void {
    if (this.turning === undefined || this.turning === "hang up behind the handshake") return
    if (this.turning === "DENIED") connection.reply(Buffer.from("-DENIED Redis is running in protected mode\r\n"))
    if (this.turning === "max clients") connection.reply(Buffer.from("-ERR max number of clients reached\r\n"))
    connection.hangUp()
  }

  #received(client: Client, bytes: Buffer, sentAt: number): void {
    if (!client.isOpen) return
    this.readingSince = sentAt
    // A client hears of its own changes behind the reply.
    this.#current = client
    const replies = client.reader.read(bytes).map((args) => {
      this.listener?.received(args[0] as string)
      if (this.proxy !== undefined) return this.#answerAsProxy(client, args)
      const reply = this.#run(client, args)
      if (reply instanceof Failure) this.listener?.refused(reply.text.split(" ", 1)[0] as string)
      const written = encode(reply, client.protocol)
      if (!isChore(args)) {
        this.log.add(`${this.address} ${client.connection.number} ${shownArgs(args)} -> ${shown(written)}`)
      }
      if (this.#behind.length === 0) return written
      const behind = this.#behind.map((push) => encode(push, client.protocol))
      this.#behind = []
      return written + behind.join("")
    })
    this.#current = undefined
    const written = Buffer.from(replies.join(""))
    if (this.isGarbling && written.length > 0) written[0] = types[this.#network.random.below(types.length)] as number
    if (written.length > 0) client.connection.reply(written)
    if (this.turning === "hang up behind the handshake") client.connection.hangUp()
  }

  #answerAsProxy(client: Client, args: ReadonlyArray<string>): string {
    if (this.proxy === "refusing") return "-ERR no upstream\r\n"
    const name = args[0] as string
    return always.has(name) || name === "PING" ? encode(this.command(client, name, args), client.protocol) : ""
  }

  #run(client: Client, args: ReadonlyArray<string>): Reply {
    const name = (args[0] as string).toUpperCase()
    if (this.password !== undefined && !client.isLoggedIn && !["HELLO", "AUTH"].includes(name)) {
      return new Failure("NOAUTH Authentication required.")
    }
    const script = name === "EVALSHA" ? this.scripts.bySha(args[1] as string) : undefined
    const redirection = this.redirect(client, name, args)
    if (redirection !== undefined) return redirection
    if (
      (!this.isMaster || client.isOfReplica) &&
      (writes.has(name) || this.scripts.bySha(args[1] ?? "")?.isWrite === true)
    ) {
      return refusalOf("READONLY")
    }
    if (this.refusal !== undefined && !always.has(name)) {
      const isWrite = writes.has(name) || script?.isWrite === true
      if (refuses(this.refusal, name, isWrite)) return refusalOf(this.refusal)
    }
    return this.command(client, name, args)
  }

  /** Another node's address, where the command is another one's to carry out. */
  redirect(_client: Client, _name: string, _args: ReadonlyArray<string>): Reply {
    return undefined
  }

  /** Carries out a command. */
  command(client: Client, name: string, args: ReadonlyArray<string>): Reply {
    const { keyspace } = this
    const [, key = "", value = ""] = args
    switch (name) {
      case "HELLO":
        return this.#hello(client, args)
      case "AUTH":
        if (this.password !== undefined && args.at(-1) !== this.password) return new Failure("WRONGPASS invalid")
        client.isLoggedIn = true
        return ok
      case "CLIENT":
        if (key === "TRACKING") client.isTracking = value === "ON"
        return ok
      case "SELECT":
      case "ASKING":
        return ok
      case "PING":
        return args.length === 1 ? new Status("PONG") : key
      case "ECHO":
        return key
      case "ROLE":
        return [this.isMaster ? "master" : "slave", 0, []]
      case "GET":
        return this.#read(client, key)
      case "MGET":
        return args.slice(1).map((each) => this.#read(client, each))
      case "SET":
        return this.#set(args)
      case "MSET":
        for (let index = 1; index < args.length; index += 2) {
          this.write(args[index] as string, args[index + 1] as string)
        }
        return ok
      case "MSETEX":
        return new Failure("ERR unknown command 'MSETEX'")
      case "UNLINK":
        return args.slice(1).filter((each) => keyspace.delete(each)).length
      case "GETDEL": {
        const held = keyspace.get(key)
        keyspace.delete(key)
        return held
      }
      case "EXISTS":
        return keyspace.get(key) === undefined ? 0 : 1
      case "PEXPIRE":
        return keyspace.expire(key, this.loop.now + Number(value)) ? 1 : 0
      case "PTTL":
        return keyspace.ttl(key)
      case "SCAN":
        return ["0", keyspace.keys().filter((each) => each.startsWith((args[3] as string).replace(/\*$/, "")))]
      case "FLUSHDB":
        keyspace.clear()
        for (const each of this.clients) if (each.isTracking) each.push(["invalidate", undefined])
        return ok
      case "SCRIPT":
        return this.scripts.load(args[2] as string)
      case "EVALSHA": {
        const script = this.scripts.bySha(key)
        if (script === undefined) return new Failure("NOSCRIPT No matching script. Please use EVAL.")
        return this.#runScript(client, script.run, args)
      }
      case "EVAL":
        this.scripts.load(key)
        return this.#runScript(client, this.scripts.byText(key).run, args)
      default:
        throw new Error(`the simulation does not know ${name}`)
    }
  }

  /** Sets a key by a client's command. */
  write(key: string, value: string, expiresAt?: number): void {
    this.listener?.wrote(this, key, value)
    this.keyspace.set(key, value, expiresAt)
  }

  /** Adds to a counter by a client's command. */
  add(key: string, amount: number): number {
    this.listener?.added(this, key, amount)
    const sum = Number(this.keyspace.get(key) ?? "0") + amount
    this.keyspace.set(key, String(sum))
    return sum
  }

  #runScript(
    client: Client,
    run: (server: Server, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) => Reply,
    args: ReadonlyArray<string>
  ): Reply {
    const count = Number(args[2])
    const keys = args.slice(3, 3 + count)
    if (client.isTracking) for (const key of keys) client.tracked.add(key)
    return run(this, keys, args.slice(3 + count))
  }

  #hello(client: Client, args: ReadonlyArray<string>): Reply {
    if (this.isOld) return new Failure("ERR unknown command `HELLO`, with args beginning with: `3`, ")
    if (this.password !== undefined && args[4] !== this.password) {
      return new Failure("WRONGPASS invalid username-password pair or user is disabled.")
    }
    client.isLoggedIn = true
    client.protocol = 3
    return new Map<string, Reply>([
      ["server", "redis"],
      ["version", "7.2.0"],
      ["proto", 3],
      ["role", this.isMaster ? "master" : "replica"]
    ])
  }

  #read(client: Client, key: string): Reply {
    if (client.isTracking) client.tracked.add(key)
    return this.keyspace.get(key)
  }

  #set(args: ReadonlyArray<string>): Reply {
    const [, key = "", value = "", ...rest] = args
    if (rest.includes("NX") && this.keyspace.get(key) !== undefined) return undefined
    const ttl = rest.indexOf("PX")
    this.write(key, value, ttl === -1 ? undefined : this.loop.now + Number(rest[ttl + 1]))
    return ok
  }

  #changed(key: string): void {
    for (const client of this.clients) {
      if (!client.isTracking || !client.tracked.delete(key)) continue
      if (client === this.#current) this.#behind.push(new Push(["invalidate", [key]]))
      else client.push(["invalidate", [key]])
    }
  }
}

/** The commands of fences and handshakes are the same each time. */
const isChore = ([name, first]: ReadonlyArray<string>): boolean =>
  (name === "PING" && first?.startsWith("fence-") === true) || name === "SCRIPT" || name === "CLIENT"

const mostShown = 160

/** As much of a command as is shown: some are long. */
const shownArgs = (args: ReadonlyArray<string>): string => {
  let text = ""
  for (const arg of args) {
    if (text.length > mostShown) break
    text += `${arg.length > mostShown ? arg.slice(0, mostShown) : arg} `
  }
  return shown(text)
}

const shown = (text: string): string =>
  text
    .slice(0, 2 * mostShown)
    .replaceAll("\r\n", "|")
    .slice(0, mostShown)
