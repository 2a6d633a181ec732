/**
 * The way of a command to the node that owns its slot.
 *
 * A command that its node did not carry out goes to the slot's new owner. So a planned failover costs a moment, a dead or
 * frozen master is left as soon as the cluster has another one, and the other shards never notice.
 *
 * @internal
 */
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect, Exit } from "effect"
import type { Command } from "../commands/Command.ts"
import * as ReplyError from "../commands/ReplyError.ts"
import { writtenKeys } from "../commands/writtenKeys.ts"
import type { WaitingCommands } from "../connection/WaitingCommands.ts"
import { clearTimeout, performance, setTimeout } from "../platform/Platform.ts"
import type { ClusterNode, ClusterNodes } from "./ClusterNodes.ts"
import type { SlotOwners } from "./SlotOwners.ts"
import type { Node } from "./Topology.ts"
import type { TopologyReader } from "./TopologyReader.ts"

/** The parts of a cluster that commands go by. */
export interface SlotSenderOptions {
  readonly nodes: ClusterNodes
  readonly owners: SlotOwners
  readonly reader: TopologyReader
  /** Commands that wait for the next map, since their node does not own their slot any more. */
  readonly displaced: WaitingCommands
  /** Finds the address to connect to, by the one that a node has announced. */
  readonly reachable: (announced: Node, teller: Node) => Node
  /** Returns the failure of every command while there is no map. */
  readonly refusal: () => DriverFailure
  /** Returns true once the cluster is closed: nothing is sent again. */
  readonly isClosed: () => boolean
}

/** The pause before a command goes again to a node that is taking over its keys, in milliseconds. */
const tryAgainInterval = 10

/** The time before a deadline in which nothing is sent again, in milliseconds. */
const lastMoment = 5

/** The most nodes that a command goes to behind the first one. */
const maxRedirections = 5

/** The pause before the second redirection of a command, doubled before each further one, in milliseconds. */
const redirectionPause = 10

/** A command on its way through the cluster. */
export interface Routed<A> {
  readonly slot: number
  readonly command: Command<A>
  readonly deadline: number
  /** The number of nodes that did not carry it out. */
  readonly redirections: number
}

/** Sends commands by their slots. */
export class SlotSender {
  readonly #options: SlotSenderOptions

  constructor(options: SlotSenderOptions) {
    this.#options = options
  }

  /** Sends to the owner of the slot, or once there is one. */
  sendToOwner<A>(routed: Routed<A>): Effect.Effect<A, DriverFailure> {
    const { owners, reader, refusal } = this.#options
    const owner = owners.of(routed.slot)
    if (owner !== undefined) return this.sendTo(owner, routed)
    if (owners.topology === undefined) return Effect.fail(refusal())
    reader.hint()
    const failure = ReplyError.uncoveredSlots()
    return this.#sendToSuccessor(failure, undefined, routed) ?? Effect.fail(failure)
  }

  /** Sends to this node first. */
  sendTo<A>(node: ClusterNode, routed: Routed<A>): Effect.Effect<A, DriverFailure> {
    return Effect.catch(
      node.connection.send(routed.command, routed.deadline),
      (failure) => this.#retry(failure, node, routed) ?? Effect.fail(failure)
    )
  }

  /** Retries a command that the node did not carry out, on the slot's new owner, or on the same node later. */
  #retry<A>(failure: DriverFailure, last: ClusterNode, routed: Routed<A>): Effect.Effect<A, DriverFailure> | undefined {
    const { command, deadline } = routed
    const isLost = last.connection.outage !== undefined
    if (isLost || isOfOldMap(failure)) this.#options.reader.hint()
    if (this.#options.isClosed() || command.isBound === true || deadline - performance.now() < lastMoment)
      return undefined
    if (failure instanceof ReplyError.Redirection) return this.#redirect(failure, last, routed)
    // Sends a command again while its keys move to a node without a name.
    if (failure.serverCode === "TRYAGAIN" || failure.serverCode === "ASK")
      return pauseWithin(deadline, tryAgainInterval, () => this.sendToOwner(routed))
    if (isOfOldMap(failure)) return this.#sendToSuccessor(failure, last, routed)
    const mayRepeat = failure.outcome === "NotExecuted" || writtenKeys(command).length === 0
    return isLost && mayRepeat ? this.#sendToSuccessor(failure, last, routed, isLost) : undefined
  }

  /** Follows a redirection: the first one at once, others with growing pauses, since nodes may redirect in a circle. */
  #redirect<A>(
    redirection: ReplyError.Redirection,
    last: ClusterNode,
    { command, deadline, redirections, slot }: Routed<A>
  ): Effect.Effect<A, DriverFailure> | undefined {
    const { nodes, owners, reachable, reader } = this.#options
    const target = nodes.at(reachable(redirection, last))
    const isMoved = redirection.serverCode === "MOVED"
    if (isMoved) {
      owners.amend(slot, target)
      reader.hint()
    }
    if (redirections === maxRedirections) return Effect.fail(ReplyError.redirectedTooOften(redirection))
    const routed = { slot, command: { ...command, asking: !isMoved }, deadline, redirections: redirections + 1 }
    const next = () => (isMoved ? this.sendToOwner(routed) : this.sendTo(target, routed))
    return redirections === 0 ? next() : pauseWithin(deadline, redirectionPause * 2 ** (redirections - 1), next)
  }

  /**
   * Sends to the slot's new owner. Until that is known, waits for the next reading of the map: behind the loss of a
   * connection for as long as it is being replaced, otherwise for one reading.
   */
  #sendToSuccessor<A>(
    failure: DriverFailure,
    last: ClusterNode | undefined,
    routed: Routed<A>,
    isLost = false
  ): Effect.Effect<A, DriverFailure> | undefined {
    if (routed.redirections === maxRedirections) return undefined
    const known = this.#successor(last, routed, isLost)
    if (known !== undefined) return known
    if (!(isLost ? last?.connection.isBeingReplaced : this.#options.reader.isSoon)) return undefined
    return Effect.callback<A, DriverFailure>((resume) => {
      if (!this.#options.displaced.isOpen) this.#options.displaced.open()
      return this.#options.displaced.add(
        () => {
          resume(this.#sendToSuccessor(failure, last, routed, isLost) ?? Effect.fail(failure))
          return undefined
        },
        () => resume(Effect.fail(failure)),
        routed.deadline
      )
    })
  }

  /** Sends to another node that owns the slot by now, or to the same one, if its connection was lost and is back. */
  #successor<A>(
    last: ClusterNode | undefined,
    routed: Routed<A>,
    isLost: boolean
  ): Effect.Effect<A, DriverFailure> | undefined {
    const owner = this.#options.owners.of(routed.slot)
    if (owner === undefined) return undefined
    if (owner === last && !(isLost && owner.connection.outage === undefined)) return undefined
    return this.sendTo(owner, { ...routed, redirections: routed.redirections + 1 })
  }
}

/** True if the failure says that the node does not own the slot, or not yet. */
const isOfOldMap = ({ serverCode }: DriverFailure): boolean =>
  serverCode === "CLUSTERDOWN" ||
  serverCode === "READONLY" ||
  serverCode === "LOADING" ||
  serverCode === "MASTERDOWN" ||
  // To a node that has no name; only the map has its address.
  serverCode === "MOVED"

/** Continues behind a pause, undefined where that would leave no time until the deadline. */
const pauseWithin = <A, E>(
  deadline: number,
  millis: number,
  next: () => Effect.Effect<A, E>
): Effect.Effect<A, E> | undefined =>
  deadline - performance.now() < millis + lastMoment ? undefined : pause(millis, next)

/** Waits in real time, whatever the caller's `Clock`: the cluster's time is real, too. */
const pause = <A, E>(millis: number, next: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.andThen(
    Effect.callback<void>((resume) => {
      const timer = setTimeout(() => resume(Exit.void), millis)
      return Effect.sync(() => clearTimeout(timer))
    }),
    Effect.suspend(next)
  )
