import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"
import { freePort } from "./freePort.ts"

/** Options of `FaultProxy.start`. */
export interface FaultProxyOptions {
  /** Any number; what is random about a fault follows from it. 1 unless given. */
  readonly seed?: number
}

/** The most bytes kept for one direction of a connection; beyond that its sender has to wait. */
const mostKept = 16_777_216

/**
 * A TCP proxy on loopback in front of a server, whose faults are switched while it runs. Bytes keep their order under
 * every fault. A connection that lost bytes on their way to the server never gets through again, as no byte of a TCP
 * stream is ever skipped; only replies can be dropped or added on a connection that goes on.
 */
export class FaultProxy {
  /** Starts a proxy in front of a port of loopback. */
  static async start(serverPort: number, { seed = 1 }: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(serverPort, await freePort(), seed)
    await proxy.#listen()
    return proxy
  }

  /** Port that the proxy listens on; the same after `refuse`. */
  readonly port: number
  /** URL without credentials. */
  readonly url: string
  readonly #serverPort: number
  readonly #links = new Set<Link>()
  readonly #faults: Faults
  #listener: Server | undefined
  #accepted = 0

  private constructor(serverPort: number, port: number, seed: number) {
    this.#serverPort = serverPort
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.#faults = { ...noFaults, random: seeded(seed) }
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Connections that are open now, silent ones among them. */
  get open(): number {
    return this.#links.size
  }

  /** Delays bytes, each way, by so many milliseconds. */
  latency(millis: number): void {
    this.#faults.latency = millis
  }

  /** Keeps the bytes of both ways; `heal` delivers them. */
  hold(): void {
    this.#faults.isHolding = true
  }

  /** Swallows the server's replies. */
  dropReplies(): void {
    this.#faults.isDropping = true
  }

  /** Accepts connections, and swallows everything on all of them, for good on those that are open until `heal`. */
  blackHole(): void {
    this.#faults.isMute = true
    this.halfOpen()
  }

  /** Silences the open connections for good; new ones are fine. */
  halfOpen(): void {
    for (const link of this.#links) link.silence()
  }

  /** Silences the open connections, but those that the server knows by these ports, and keeps new ones silent. */
  isolate(ports: ReadonlyArray<number>): void {
    for (const link of this.#links) if (!ports.includes(link.port)) link.silence()
    this.#faults.isMute = true
  }

  /** Accepts new connections and keeps them silent; the open ones work on. */
  mute(): void {
    this.#faults.isMute = true
  }

  /** Breaks the open connections by RST. */
  reset(): void {
    for (const link of this.#links) link.reset()
  }

  /** Breaks the open connections and refuses new ones. */
  refuse(): void {
    this.#listener?.close()
    this.#listener = undefined
    this.reset()
  }

  /** Puts 1 to 64 random bytes between the replies of each open connection. */
  garbage(): void {
    const { random } = this.#faults
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 64) }, () => Math.floor(random() * 256)))
    for (const link of this.#links) link.replies.push(bytes)
  }

  /** Puts a reply that nobody asked for, such as `+OK\r\n`, between the replies of each open connection. */
  inject(reply: string): void {
    for (const link of this.#links) link.replies.inject(Buffer.from(reply))
  }

  /** Delivers replies in slices of 1 to 7 bytes. */
  slice(): void {
    this.#faults.isSlicing = true
  }

  /** Reads nothing more of what clients send, so that it piles up on their side. */
  stopReading(): void {
    this.#faults.isReading = false
    for (const link of this.#links) link.requests.regulate()
  }

  /** Withholds the replies of the open connections, and breaks each once so many more bytes of requests were passed on. */
  cutAfter(bytes: number): void {
    for (const link of this.#links) link.cutAfter(bytes)
  }

  /** Ends every fault. What was kept is delivered in order; what was silenced stays silent. */
  async heal(): Promise<void> {
    Object.assign(this.#faults, noFaults)
    if (this.#listener === undefined) await this.#listen()
    for (const link of this.#links) {
      link.requests.regulate()
      link.requests.flush()
      link.replies.flush()
    }
  }

  /** Closes everything, whatever fault is on. May be called twice. */
  async stop(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    for (const link of this.#links) link.destroy()
    if (listener === undefined) return
    const closed = once(listener, "close")
    listener.close()
    await closed
  }

  async #listen(): Promise<void> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.#accepted++
      const link = new Link(client, this.#serverPort, this.#faults, () => this.#links.delete(link))
      this.#links.add(link)
      if (this.#faults.isMute) link.silence()
    })
    this.#listener = listener
    listener.listen(this.port, "127.0.0.1")
    await once(listener, "listening")
  }
}

interface Faults {
  latency: number
  isHolding: boolean
  isDropping: boolean
  isMute: boolean
  isSlicing: boolean
  isReading: boolean
  readonly random: () => number
}

const noFaults = {
  latency: 0,
  isHolding: false,
  isDropping: false,
  isMute: false,
  isSlicing: false,
  isReading: true
}

/** A client's connection and the one to the server that belongs to it. */
class Link {
  readonly requests: Pipe
  readonly replies: Pipe
  readonly #client: Socket
  readonly #server: Socket
  #isSilent = false
  /** Bytes of requests that still pass before the connection is cut. */
  #untilCut: number | undefined

  constructor(client: Socket, serverPort: number, faults: Faults, onGone: () => void) {
    this.#client = client
    this.#server = connect({ port: serverPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
    const server = this.#server
    this.requests = new Pipe(client, server, faults, "requests", (bytes) => this.#pass(bytes))
    this.replies = new Pipe(server, client, faults, "replies", (bytes) => client.write(bytes))
    server.on("error", () => {
      if (!this.#isSilent) client.resetAndDestroy()
    })
    client.on("error", () => {})
    client.on("close", () => {
      this.replies.stop()
      if (this.#isSilent) server.destroy()
      onGone()
    })
    server.on("close", () => this.requests.stop())
  }

  /** The port by which the server knows the connection; 0 until it does. */
  get port(): number {
    return this.#server.localPort ?? 0
  }

  silence(): void {
    if (this.#isSilent) return
    this.#isSilent = true
    this.requests.stop()
    this.replies.stop()
    this.#server.destroy()
    // Read on, so that the client's end is noticed.
    this.#client.resume()
    this.#client.on("end", () => this.#client.destroy())
  }

  cutAfter(bytes: number): void {
    this.#untilCut = bytes
    this.replies.stop()
    this.#server.resume()
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  destroy(): void {
    this.requests.stop()
    this.replies.stop()
    this.#client.destroy()
    this.#server.destroy()
  }

  #pass(bytes: Buffer): void {
    if (this.#untilCut === undefined) {
      this.#server.write(bytes)
      return
    }
    const passed = bytes.subarray(0, this.#untilCut)
    this.#server.write(passed)
    this.#untilCut -= passed.length
    if (this.#untilCut > 0) return
    // Ended, not destroyed: the server is to read what was passed on.
    this.requests.stop()
    this.#server.end()
    this.#client.resetAndDestroy()
  }
}

/** One direction of a link: a queue, so that no fault changes the order of the bytes. */
class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #faults: Faults
  readonly #isReplies: boolean
  readonly #deliver: (bytes: Buffer) => void
  readonly #queue: Array<{ readonly bytes: Buffer; readonly due: number }> = []
  /** Replies to put in once the bytes before them end a line. */
  #injected: Array<Buffer> = []
  #isWithinLine = false
  #kept = 0
  #hasEnded = false
  #isStopped = false
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  constructor(
    from: Socket,
    to: Socket,
    faults: Faults,
    direction: "requests" | "replies",
    deliver: (bytes: Buffer) => void
  ) {
    this.#from = from
    this.#to = to
    this.#faults = faults
    this.#isReplies = direction === "replies"
    this.#deliver = deliver
    from.on("data", (bytes: Buffer) => this.#receive(bytes))
    from.on("end", () => this.#end())
    from.on("close", () => this.#end())
    to.on("drain", () => this.flush())
    this.regulate()
  }

  push(bytes: Buffer): void {
    if (this.#isStopped || this.#hasEnded) return
    const due = performance.now() + this.#faults.latency
    // Never before what was sent before it.
    this.#queue.push({ bytes, due: Math.max(due, this.#queue.at(-1)?.due ?? 0) })
    this.#kept += bytes.length
    this.regulate()
    this.flush()
  }

  inject(reply: Buffer): void {
    if (this.#isWithinLine) this.#injected.push(reply)
    else this.push(reply)
  }

  flush(): void {
    if (this.#timer !== undefined || this.#immediate !== undefined || this.#faults.isHolding) return
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      if (this.#to.writableNeedDrain) return
      const wait = head.due - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined
          this.flush()
        }, Math.ceil(wait))
        return
      }
      const isSliced = this.#isReplies && this.#faults.isSlicing
      const length = isSliced ? 1 + Math.floor(this.#faults.random() * 7) : head.bytes.length
      const bytes = head.bytes.subarray(0, length)
      if (length < head.bytes.length) this.#queue[0] = { bytes: head.bytes.subarray(length), due: head.due }
      else this.#queue.shift()
      this.#kept -= bytes.length
      this.#deliver(bytes)
      if (isSliced) {
        // Not in one turn of the event loop, or the slices arrive in one piece.
        this.#immediate = setImmediate(() => {
          this.#immediate = undefined
          this.flush()
        })
        return
      }
    }
    this.regulate()
    if (this.#hasEnded && !this.#isStopped) this.#to.end()
  }

  /** Reads on, or lets the sender wait. */
  regulate(): void {
    if (this.#isStopped || (this.#kept <= mostKept && (this.#isReplies || this.#faults.isReading))) this.#from.resume()
    else this.#from.pause()
  }

  /** Delivers nothing from now on, and forgets what was kept. */
  stop(): void {
    this.#isStopped = true
    this.#queue.length = 0
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.regulate()
  }

  #receive(bytes: Buffer): void {
    if (this.#isStopped || (this.#isReplies && this.#faults.isDropping)) return
    this.push(bytes)
    this.#isWithinLine = bytes.at(-1) !== 10
    if (this.#isWithinLine) return
    const injected = this.#injected
    this.#injected = []
    for (const reply of injected) this.push(reply)
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.flush()
  }
}

/** Numbers from 0 to 1, the same for the same seed: mulberry32. */
const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
