/**
 * A network between simulated processes and servers. Each way of a connection keeps its order; connections do not keep
 * theirs among each other.
 */
import { isIP, type TcpSocketConnectOpts } from "node:net"
import { Duplex } from "node:stream"
import type { Random } from "../storm/random.ts"
import type { EventLog } from "./EventLog.ts"
import type { Loop } from "./Loop.ts"

/** A server's side of a connection. */
export interface Peer {
  /** Takes bytes, and the instant in which the process wrote the first of them. */
  readonly received: (bytes: Buffer, sentAt: number) => void
  readonly closed: () => void
}

/** Listens at an address. */
export type Accept = (connection: Connection) => Peer

/** How the way to one address is now. */
export interface Weather {
  /** How long bytes are on their way, in milliseconds, and how much longer at random. */
  latency: number
  jitter: number
  /** Bytes wait on their way, and attempts to connect too. */
  isHeld: boolean
  /** Nobody listens. */
  isRefused: boolean
  /** Replies vanish, on connections that go on: a proxy that is broken. */
  dropsReplies: boolean
  /** Replies come in slices. */
  isSliced: boolean
  /** New connections are accepted and never answered. */
  isMute: boolean
  /** The server reads nothing. */
  isUnread: boolean
}

const fine = (latency: number): Weather => ({
  latency,
  jitter: latency,
  isHeld: false,
  isRefused: false,
  dropsReplies: false,
  isSliced: false,
  isMute: false,
  isUnread: false
})

interface Place {
  readonly address: string
  readonly accept: Accept
  weather: Weather
  /** Deliveries that the network holds. */
  held: Array<() => void>
}

export class Network {
  readonly loop: Loop
  readonly log: EventLog
  readonly random: Random
  readonly #places = new Map<string, Place>()
  readonly connections = new Set<Connection>()
  /** How long bytes are on their way on a fine day, in milliseconds. */
  readonly latency: number
  /** Attempts to connect so far. */
  attempts = 0

  constructor(loop: Loop, log: EventLog, random: Random, latency: number) {
    this.latency = latency
    this.loop = loop
    this.log = log
    this.random = random
  }

  listen(address: string, accept: Accept): void {
    this.#places.set(address, { address, accept, weather: fine(this.latency), held: [] })
  }

  /** How the way to this address is, to be changed. */
  weather(address: string): Weather {
    return this.#place(address).weather
  }

  /** Ends every fault on the way to this address, but for connections that are broken for good. */
  heal(address: string): void {
    const place = this.#place(address)
    place.weather = fine(this.latency)
    const { held } = place
    place.held = []
    for (const deliver of held) deliver()
  }

  /** The open connections to this address. */
  to(address: string): ReadonlyArray<Connection> {
    return [...this.connections].filter((connection) => connection.address === address)
  }

  readonly connect = (
    options: Pick<TcpSocketConnectOpts, "host" | "lookup" | "port"> & { readonly signal?: AbortSignal }
  ): SimulatedSocket => {
    const { host = "localhost", lookup, port, signal } = options
    const socket = new SimulatedSocket(this, ++this.attempts, signal)
    const toAddress = (ip: string) => this.#open(socket, `${ip}:${port}`)
    if (isIP(host) !== 0 || lookup === undefined) toAddress(host)
    else {
      lookup(host, { all: true }, (error, found) => {
        if (socket.destroyed) return
        if (error !== null) socket.destroy(error)
        else toAddress((found as ReadonlyArray<{ readonly address: string }>)[0]?.address ?? host)
      })
    }
    return socket
  }

  /** Passes on what one end of a connection has sent, unless the network holds or loses it. */
  carry(connection: Connection, way: "up" | "down", deliver: () => void): void {
    const { place } = connection
    const arrive = () => {
      const { jitter, latency } = place.weather
      const at = Math.max(connection.last[way], this.loop.now + latency + this.random.next() * jitter)
      connection.last[way] = at
      this.loop.arrive(
        at - this.loop.now,
        () => {
          if (connection.isDead) return
          // Deliveries under way when the network begins to hold wait too.
          if (place.weather.isHeld || connection.waiting[way] > 0) this.#hold(connection, way, deliver)
          else deliver()
        },
        way === "up" ? "elsewhere" : "process"
      )
    }
    arrive()
  }

  #hold(connection: Connection, way: "up" | "down", deliver: () => void): void {
    connection.waiting[way]++
    connection.place.held.push(() => {
      connection.waiting[way]--
      if (!connection.isDead) deliver()
    })
  }

  #open(socket: SimulatedSocket, address: string): void {
    const place = this.#places.get(address)
    const attempt = () => {
      if (socket.destroyed) return
      if (place === undefined || place.weather.isRefused) {
        this.log.add(`connection ${socket.number} to ${address} refused`)
        socket.destroy(Object.assign(new Error(`connect ECONNREFUSED`), { code: "ECONNREFUSED", syscall: "connect" }))
        return
      }
      if (place.weather.isHeld) {
        place.held.push(attempt)
        return
      }
      this.log.add(`connection ${socket.number} to ${address} opened`)
      const connection = new Connection(this, place, socket, address)
      socket.opened(connection)
    }
    this.loop.arrive(place?.weather.latency ?? 0.2, attempt)
  }

  #place(address: string): Place {
    const place = this.#places.get(address)
    if (place === undefined) throw new Error(`nothing is at ${address}`)
    return place
  }
}

/** A connection between a process and a server. */
export class Connection {
  readonly network: Network
  readonly place: Place
  readonly address: string
  readonly socket: SimulatedSocket
  readonly last = { up: 0, down: 0 }
  readonly waiting = { up: 0, down: 0 }
  /** Nothing gets through any more, and neither end hears of it. */
  isDead = false
  /** Bytes from the server until the connection is cut, if it is to be. */
  cutAfter: number | undefined
  #isClosed = false
  readonly #peer: Peer

  constructor(network: Network, place: Place, socket: SimulatedSocket, address: string) {
    this.network = network
    this.place = place
    this.socket = socket
    this.address = address
    this.isDead = place.weather.isMute
    network.connections.add(this)
    this.#peer = place.accept(this)
  }

  get number(): number {
    return this.socket.number
  }

  /** From the process to the server. */
  send(bytes: Buffer, sentAt: number): void {
    this.network.carry(this, "up", () => {
      if (!this.#isClosed) this.#peer.received(bytes, sentAt)
    })
  }

  /** From the server to the process. A message that no command has asked for is lost by no proxy: nobody could notice. */
  reply(bytes: Buffer, isMessage = false): void {
    if (this.#isClosed || (this.place.weather.dropsReplies && !isMessage)) return
    let rest = bytes
    while (this.place.weather.isSliced && rest.length > 1) {
      const length = Math.min(rest.length - 1, 1 + this.network.random.below(7))
      this.#deliver(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
    this.#deliver(rest)
  }

  #deliver(bytes: Buffer): void {
    this.network.carry(this, "down", () => {
      if (this.socket.destroyed) return
      const { cutAfter } = this
      if (cutAfter !== undefined && bytes.length >= cutAfter) {
        this.socket.push(bytes.subarray(0, cutAfter))
        this.reset()
        return
      }
      if (cutAfter !== undefined) this.cutAfter = cutAfter - bytes.length
      this.socket.push(bytes)
    })
  }

  /** The server hangs up, behind what it has sent. */
  hangUp(): void {
    if (this.#isClosed) return
    this.#close()
    this.network.carry(this, "down", () => {
      this.network.log.add(`connection ${this.number} ended by the server`)
      if (!this.socket.destroyed) this.socket.push(null)
    })
  }

  /** Both ends hear that the connection is broken. */
  reset(): void {
    this.#close()
    this.network.log.add(`connection ${this.number} reset`)
    this.socket.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }))
  }

  /** The process has closed its end. */
  closedByProcess(): void {
    if (!this.#isClosed) this.network.log.add(`connection ${this.number} closed by the process`)
    this.#close()
  }

  #close(): void {
    this.network.connections.delete(this)
    if (this.#isClosed) return
    this.#isClosed = true
    this.network.loop.arrive(this.place.weather.latency, () => this.#peer.closed(), "elsewhere")
  }
}

/** As a socket of `node:net` is to node-redis. */
export class SimulatedSocket extends Duplex {
  readonly number: number
  readonly #network: Network
  #connection: Connection | undefined
  readonly #writtenAt: Array<number> = []

  constructor(network: Network, number: number, signal: AbortSignal | undefined) {
    super({ allowHalfOpen: false, emitClose: false, ...(signal === undefined ? {} : { signal }) })
    this.#network = network
    this.number = number
  }

  opened(connection: Connection): void {
    this.#connection = connection
    this.emit("connect")
    this.emit("ready")
  }

  override _read(): void {}

  override _write(bytes: Buffer, _: BufferEncoding, callback: () => void): void {
    this.#send(bytes, 1, callback)
  }

  override _writev(chunks: ReadonlyArray<{ readonly chunk: Buffer }>, callback: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), chunks.length, callback)
  }

  /** Bytes that were written are not taken back, though they may still be in this process. */
  override write(bytes: Buffer): boolean {
    this.#writtenAt.push(this.#network.loop.now)
    return super.write(bytes)
  }

  #send(bytes: Buffer, chunks: number, callback: () => void): void {
    const [sentAt = 0] = this.#writtenAt.splice(0, chunks)
    const { place } = this.#connection ?? {}
    if (place?.weather.isUnread === true) {
      // The buffers of the system are full.
      place.held.push(() => {
        if (!this.destroyed) this.#connection?.send(bytes, sentAt)
        callback()
      })
      return
    }
    this.#connection?.send(bytes, sentAt)
    callback()
  }

  override _final(callback: () => void): void {
    this.#network.loop.arrive(0, callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#connection?.closedByProcess()
    this.#network.loop.arrive(0, () => this.emit("close", error !== null))
    callback(error)
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
