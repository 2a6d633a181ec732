/**
 * The master of a group that sentinels watch, known before it is needed.
 *
 * node-redis's own Sentinel client sends a command again whose reply was lost. So this module only reads the master's
 * address from the sentinels, and an ordinary connection goes to it, until they name another.
 *
 * @internal
 */
import { AccessDenied, DriverFailure, Unavailable } from "@hexcache/cache-port"
import * as ReplyError from "../commands/ReplyError.ts"
import type { ConnectionEvent } from "../connection/Connection.ts"
import { startDeadline } from "../connection/DeadlineQueue.ts"
import type { Endpoint } from "../connection/NodeRedisClient.ts"
import { clearTimeout, random, setTimeout } from "../platform/Platform.ts"
import { type NamedMaster, Sentinel, unknownName } from "./Sentinel.ts"
import type { Node } from "./Topology.ts"

/** The group, and the way to its sentinels. */
export interface MasterWatchOptions {
  /** The master's name in the sentinels' configuration. */
  readonly name: string
  readonly sentinels: ReadonlyArray<(signal: AbortSignal) => Promise<Endpoint>>
  /** The time of a sentinel to reply, in milliseconds. */
  readonly timeout: number
}

/** Hears of changes. */
export interface MasterWatchListener {
  /** The sentinels name another master than the one that was found last. */
  readonly onMoved: () => void
  /** Takes events that concern no single caller, and the sentinel that they are of. */
  readonly report: (event: ConnectionEvent, sentinel: string) => void
}

/** The time that other sentinels have behind the first reply, in milliseconds. */
const patience = 100

/** Pauses between queries, in milliseconds: doubled after each failure, up to a fifth of each at random. */
const interval = 1_000
const longestInterval = 2_000

/** One sentinel of the group, and the outcome of its last query. */
interface Watched {
  readonly sentinel: Sentinel
  readonly label: string
  pause: number
  timer: NodeJS.Timeout | undefined
  /** The failure reported since the last reply. */
  reported: string | undefined
  reportedNotSubscribed: boolean
}

/** Queries every sentinel each second, and when it reports a failover, from `start` until `close`. */
export class MasterWatch {
  readonly #options: MasterWatchOptions
  readonly #sentinels: ReadonlyArray<Watched>
  #listener: MasterWatchListener | undefined
  /** The last master that was found. */
  #master: NamedMaster | undefined
  /** The number of look-ups that wait for the sentinels. */
  #finding = 0
  #closed = false

  constructor(options: MasterWatchOptions) {
    this.#options = options
    this.#sentinels = options.sentinels.map((endpoint, index) => {
      const watched: Watched = {
        sentinel: new Sentinel({
          endpoint,
          name: options.name,
          timeout: options.timeout,
          onFailover: () => {
            this.#judge()
            void this.#query(watched).catch(() => {})
          },
          onNotSubscribed: (failure) => {
            if (!watched.reportedNotSubscribed)
              this.#listener?.report({ _tag: "NotSubscribed", failure }, watched.label)
            watched.reportedNotSubscribed = true
          }
        }),
        label: `sentinel ${index + 1} of ${options.sentinels.length}: `,
        pause: interval,
        timer: undefined,
        reported: undefined,
        reportedNotSubscribed: false
      }
      return watched
    })
  }

  /** Starts to watch. */
  start(listener: MasterWatchListener): void {
    this.#listener = listener
    for (const watched of this.#sentinels) this.#watch(watched)
  }

  /** Ends every connection to a sentinel at once. */
  close(): void {
    this.#closed = true
    for (const { sentinel, timer } of this.#sentinels) {
      clearTimeout(timer)
      sentinel.close()
    }
  }

  /**
   * Finds the master: at once where a sentinel still names the last one; otherwise where the sentinels name it, as soon as a
   * majority agrees or the others have had a moment; otherwise where it was last. Rejects with a `DriverFailure`.
   */
  async find(signal: AbortSignal): Promise<Node> {
    const queried = this.#queryAll(signal)
    if (this.#isNamed()) return this.#master as Node
    this.#finding++
    const failures = await queried.finally(() => {
      this.#finding--
    })
    this.#master = this.#choose()
    if (this.#master === undefined) throw failureOf(failures)
    return this.#master
  }

  /** Queries every sentinel. Resolves, with the failures, when the replies are enough. */
  #queryAll(signal: AbortSignal): Promise<ReadonlyArray<DriverFailure>> {
    return new Promise((resolve) => {
      const failures: Array<DriverFailure> = []
      let patienceTimer: NodeJS.Timeout | undefined
      let answers = 0
      const end = () => {
        clearDeadline()
        clearTimeout(patienceTimer)
        signal.removeEventListener("abort", end)
        resolve(failures)
      }
      // A master that is known may be healthy, and its sentinels away.
      const clearDeadline = startDeadline(this.#master === undefined ? this.#options.timeout : patience, end)
      signal.addEventListener("abort", end, { once: true })
      const judge = () => {
        const named = this.#named()
        const isMajority = named.some((master) => votesFor(master, named) > this.#sentinels.length / 2)
        if (isMajority || answers + failures.length === this.#sentinels.length) end()
        else if (answers > 0) patienceTimer ??= setTimeout(end, patience)
      }
      for (const watched of this.#sentinels) {
        this.#query(watched)
          .then(
            () => void answers++,
            (failure: DriverFailure) => void failures.push(failure)
          )
          .then(judge)
      }
    })
  }

  async #query(watched: Watched): Promise<void> {
    if (this.#closed) throw ReplyError.closed()
    try {
      await watched.sentinel.query()
    } catch (failure) {
      this.#failed(watched, failure as DriverFailure)
      throw failure
    }
    watched.pause = interval
    if (watched.reported !== undefined) this.#listener?.report({ _tag: "ReadyAgain" }, watched.label)
    watched.reported = undefined
    this.#judge()
  }

  #failed(watched: Watched, failure: DriverFailure): void {
    watched.pause = Math.min(watched.pause * 2, longestInterval)
    const { message } = failure.reason
    if (this.#closed || watched.reported === message) return
    watched.reported = message
    this.#listener?.report({ _tag: "NotReady", failure }, watched.label)
  }

  #watch(watched: Watched): void {
    watched.timer = setTimeout(
      () =>
        void this.#query(watched)
          .catch(() => {})
          .then(() => {
            if (!this.#closed) this.#watch(watched)
          }),
      watched.pause * (0.8 + random() / 5)
    )
  }

  /** Reports another master than the one in use. A look-up that waits for the sentinels sees it by itself. */
  #judge(): void {
    const before = this.#master
    if (before === undefined || this.#finding > 0) return
    this.#master = this.#choose()
    if (!isSame(this.#master as Node, before)) this.#listener?.onMoved()
  }

  #named(): ReadonlyArray<NamedMaster> {
    return this.#sentinels.flatMap(({ sentinel: { named } }) => named ?? [])
  }

  /** True if a reachable sentinel still names the last master. */
  #isNamed(): boolean {
    const master = this.#master
    return master !== undefined && this.#named().some((named) => isSame(named, master))
  }

  #choose(): NamedMaster | undefined {
    return chooseMaster(this.#named(), this.#master, this.#sentinels.length)
  }
}

/**
 * Chooses the master of the newest failover that any sentinel knows, and among several the one that most sentinels name.
 * One of an older failover replaces the present one only by a majority: the group was set up anew.
 */
export const chooseMaster = (
  named: ReadonlyArray<NamedMaster>,
  present: NamedMaster | undefined,
  sentinels: number
): NamedMaster | undefined => {
  const votes = (master: Node) => votesFor(master, named)
  const [best] = named.toSorted((one, other) => other.epoch - one.epoch || votes(other) - votes(one))
  if (best === undefined || present === undefined || isSame(best, present)) return best ?? present
  const isRight =
    best.epoch === present.epoch
      ? votes(best) > votes(present)
      : best.epoch > present.epoch || votes(best) > sentinels / 2
  return isRight ? best : present
}

const isSame = (one: Node, other: Node): boolean => one.host === other.host && one.port === other.port

const votesFor = (master: Node, named: ReadonlyArray<Node>): number =>
  named.filter((other) => isSame(master, other)).length

/** The failure of a look-up without a master: a refusal says more than a silence, and one that lasts more than any. */
const failureOf = (failures: ReadonlyArray<DriverFailure>): DriverFailure => {
  const denied = failures.find(({ reason }) => reason instanceof AccessDenied)
  if (denied !== undefined) return ofSentinel(denied)
  if (failures.includes(unknownName)) return unavailable("no sentinel knows a master of this name")
  const refusal = failures.find(({ serverCode }) => serverCode !== undefined)
  return refusal === undefined ? unavailable("no sentinel answers") : ofSentinel(refusal)
}

/** Names the sentinel in a refusal, which the master may return too. */
const ofSentinel = ({ outcome, reason, serverCode }: DriverFailure): DriverFailure => {
  const message = `sentinel: ${reason.message}`
  return new DriverFailure(
    reason instanceof AccessDenied ? new AccessDenied({ message }) : new Unavailable({ message }),
    outcome,
    serverCode
  )
}

const unavailable = (message: string): DriverFailure => new DriverFailure(new Unavailable({ message }))

/**
 * Admits a connection to a master only: a sentinel may still name one that has just been replaced. `role` comes from the
 * handshake, which needs no right; where it is missing, ROLE returns it.
 */
export const admitMaster = async (
  send: (...args: ReadonlyArray<string>) => Promise<unknown>,
  role: unknown
): Promise<void> => {
  if ((role ?? (await roleOf(send))) !== "master") throw unavailable("the server that the sentinels name is no master")
}

const roleOf = async (send: (...args: ReadonlyArray<string>) => Promise<unknown>): Promise<unknown> => {
  const role = await send("ROLE")
  return Array.isArray(role) ? role[0] : undefined
}
