/** Mistakes of one line in the adapter, each of which some seed of the simulation brings to light. */
import type { Checker } from "../Account.ts"
import type { TopologyName } from "../topologies.ts"

/** The worlds in which a simulation runs. */
export type WorldName = TopologyName | "near"

export interface Mutant {
  /** The mistake, in words. */
  readonly name: string
  /** Below `src`. */
  readonly file: string
  /** Stands there once. */
  readonly from: string
  readonly to: string
  /** The world that finds it. */
  readonly world: WorldName
  /** The promise that is broken: one of these, where that depends on which command gets another one's reply. */
  readonly checkers: ReadonlyArray<Checker>
  /** The only faults that happen, where all of them together would take thousands of seeds to find it. */
  readonly only?: string
}

const anotherReply: ReadonlyArray<Checker> = ["value", "write", "failure"]

type Add = (
  name: string,
  from: string,
  to: string,
  checker: Checker | ReadonlyArray<Checker>,
  world?: WorldName
) => Mutant

const inFile =
  (file: string, usual: WorldName = "single"): Add =>
  (name, from, to, checker, world = usual) => ({
    name,
    file: `${file}.ts`,
    from,
    to,
    checkers: [checker].flat(),
    world
  })

/** A mistake to be found where these faults alone happen. */
const under = (only: string, mutant: Mutant): Mutant => ({ ...mutant, only })

const attempts = inFile("connection/Attempts")
const call = inFile("connection/PendingCommand")
const cluster = inFile("topology/Cluster", "cluster")
const connection = inFile("connection/Connection")
const deadlines = inFile("connection/DeadlineQueue")
const gets = inFile("batching/GetBatch")
const idlePing = inFile("connection/IdlePing")
const inFlight = inFile("connection/CommandsInFlight")
const increments = inFile("batching/IncrementBatch")
const lookup = inFile("connection/HostLookup")
const markers = inFile("connection/ReplyFence")
const nearCache = inFile("near/NearCache", "near")
const owners = inFile("topology/SlotOwners", "cluster")
const reader = inFile("topology/TopologyReader", "cluster")
const sender = inFile("topology/SlotSender", "cluster")
const session = inFile("connection/ClientSession")
const tracking = inFile("near/TrackedEntries", "near")
const waiting = inFile("connection/WaitingCommands")
const watchdog = inFile("connection/Watchdog")
const watch = inFile("topology/MasterWatch", "sentinel")

export const mutants: ReadonlyArray<Mutant> = [
  watchdog("no connection is silent", "repliesBefore === this.#replies", "false", "recovery"),
  inFlight("commands in flight have no bound", "this.#queue.size >= maxPending", "false", "growth"),
  inFlight("a lost connection leaves its ping's timer", "this.#idlePing?.stop()", "", "close"),
  inFlight("a replica is not left", "isReply && !isDemoted(failure)", "isReply", "recovery"),
  inFlight(
    "a write is sent though its caller has gone",
    "      this.#remove(pending)\n      pending.cancelWrite()\n",
    "      this.#remove(pending)\n",
    "write"
  ),
  inFlight("a write is sent behind its deadline", "    pending.cancelWrite()\n    const", "    const", "write"),
  inFlight(
    "a connection is proved by when it answered",
    "proved(command.writtenAt)",
    "proved(performance.now())",
    "value",
    "near"
  ),
  connection("a close leaves the timer of a pause", "    clearTimeout(this.#pauseTimer)\n    if", "    if", "close"),
  connection("a close leaves the socket", "this.#session?.end(this.#refusal)", "", "close"),
  connection(
    "a close waits for what never comes",
    "Math.min(closeTimeout, this.#options.commandTimeout)",
    "10 * closeTimeout",
    "close"
  ),
  connection(
    "a command sent again has its whole time anew",
    "      lost.deadline,\n",
    "      undefined,\n",
    "deadline"
  ),
  connection("who waits is not told of the outage", "this.#waiting.fail(failure)", "{}", "outage"),
  connection(
    "two connections are made at once",
    "    clearTimeout(this.#pauseTimer)\n    this.#connect()",
    "    this.#connect()",
    "close",
    "sentinel"
  ),
  connection(
    "a connection is not tried again",
    "setTimeout(() => this.#connect(), this.#attempts.nextPause())",
    "undefined",
    "recovery"
  ),
  session(
    "an invalidation is handled late",
    "tracking.keyChanged(key.toString())",
    "setTimeout(() => tracking.keyChanged(key.toString()), 250).unref()",
    "value",
    "near"
  ),
  session(
    "the handshake has no deadline",
    "() => this.end(ReplyError.noHandshake(connectTimeout))",
    "() => {}",
    "recovery"
  ),
  attempts(
    "pauses begin anew with each handshake",
    "if (hasLived || (this.#unproved === 0 && !this.#isRefused))",
    "if (true)",
    "attempts"
  ),
  attempts("pauses do not grow", "this.#pause = Math.min(this.#pause * 2, this.#backoff.max)", "", "attempts"),
  call("a batch is written with those who have gone", "args.splice(0, args.length, ...command.args)", "", "failure"),
  call("a write is sent again", "writtenKeys(this.command).length === 0", "true", "write"),
  deadlines(
    "a deadline begins anew",
    "deadline === undefined ? now + this.#millis : this.#fair(deadline, now)",
    "now + this.#millis",
    "deadline"
  ),
  under(
    "blocked loop,drop replies,hold,some half-open",
    deadlines(
      "a blocked turn puts off every deadline",
      "      if (element.deadline < this.#movedFrom) return\n",
      "",
      "deadline"
    )
  ),
  deadlines(
    "a blocked turn counts against what it asked",
    "if (now - began <= punctual) return",
    "if (began < now) return",
    "failure"
  ),
  markers("the fence is not checked", "if (!isInPlace)", "if (false)", anotherReply),
  markers("answers do not wait for the fence", "command.fence <= this.#returned", "true", anotherReply),
  markers(
    "where the server cannot save, nothing is read",
    'ReplyError.serverCodeOf(error) === "MISCONF"',
    "false",
    "failure"
  ),
  idlePing(
    "an idle connection is not checked",
    "    this.#wait(interval)\n    ping()",
    "    this.#wait(interval)",
    "recovery"
  ),
  lookup("look-ups are not shared", "  known.set(name, begun)\n", "", "growth"),
  gets("answers go to other keys", "result[index])", "result[gets.length - 1 - index])", "value"),
  gets("who asks for a key that waits is forgotten", "for (const other of others) other(result)", "", "deadline"),
  gets("gets have no bound", "this.#pending >= this.#maxPending", "false", "growth"),
  gets("gets are never over", "    this.#pending--\n", "", "failure"),
  gets(
    "gets sent one by one have their whole time anew",
    "this.#sendEach(gets, deadline)",
    "this.#sendEach(gets)",
    "deadline"
  ),
  inFlight(
    "a script that the server has forgotten is sent again though its caller has gone",
    "    if (pending.callback === undefined) return\n",
    "",
    "write",
    "cluster"
  ),
  under(
    "nothing read",
    increments(
      "an increment is written though its caller has gone",
      "return increment.leave ?? Effect.void",
      "return Effect.void",
      "write"
    )
  ),
  increments("a batch is sent again for those who have gone", "sent = this.#withCaller(sent)", "", "write"),
  connection("no loss is an outage", "!this.#attempts.lost()", "!(this.#attempts.lost() || true)", "outage"),
  increments("every increment has the first one's sum", "result[index] as", "result[0] as", "value"),
  increments("increments have no bound", "this.#pending >= this.#maxPending", "false", "growth"),
  increments("increments are never over", "    this.#pending -= increments.length\n    for", "    for", "failure"),
  waiting(
    "who has gone is sent all the same",
    "      command.isWaiting = false\n      this.#deadlines.remove(command)\n",
    "",
    "write"
  ),
  waiting("commands that wait have no bound", "this.#deadlines.size > this.#maxPending", "false", "growth"),
  nearCache(
    "a read is kept as of its answer",
    "keep(prefix + key, result, moment)",
    "keep(prefix + key, result, tracking.moment)",
    "value"
  ),
  nearCache(
    "a value outlives its key",
    "remaining === forever ? Number.POSITIVE_INFINITY : remaining",
    "Number.POSITIVE_INFINITY",
    "value"
  ),
  tracking("what changed meanwhile is kept", "moment >= (this.#changed.get(key) ?? 0)", "true", "value"),
  tracking(
    "what the lost connection has read is kept",
    "    this.#prove(never)\n    this.everyKeyChanged()",
    "    this.#prove(never)",
    "value"
  ),
  tracking("a silent server is believed", "now >= this.#servedUntil", "false", "value"),
  tracking("an entry has no end", "if (entry.end <= now)", "if (false)", "value"),
  tracking(
    "a key of its own is dropped late",
    "    this.#entries.delete(key)\n    this.#changed",
    "    this.#changed",
    "value"
  ),
  owners("a MOVED is not noted", "this.#owners[slot] = owner", "", "failure"),
  sender("an ASK is taken for a MOVED", 'redirection.serverCode === "MOVED"', "true", "failure"),
  sender("an ASK is followed without ASKING", "asking: !isMoved", "asking: false", "failure"),
  sender("a TRYAGAIN is a failure", 'failure.serverCode === "TRYAGAIN" || ', "", "failure"),
  sender(
    "a write is sent again behind a loss",
    'failure.outcome === "NotExecuted" || writtenKeys(command).length === 0',
    "true",
    "write"
  ),
  sender(
    "a pause goes beyond the deadline",
    "deadline - performance.now() < millis + lastMoment ? undefined : ",
    "",
    "deadline"
  ),
  cluster("a close leaves the reader's timer", "    this.#reader.close()\n", "", "close"),
  sender(
    "a redirection has the whole time anew",
    "      node.connection.send(routed.command, routed.deadline)",
    "      node.connection.send(routed.command)",
    "deadline"
  ),
  reader(
    "readings of the map keep no distance",
    "Math.min(Math.max(this.#distance * 2, firstDistance), lastDistance)",
    "0",
    "growth"
  ),
  watch("the epoch is ignored", "best.epoch > present.epoch || ", "", "master"),
  watch("a close leaves the timers of the sentinels", "      clearTimeout(timer)\n", "", "close"),
  watch("nobody moves", "if (!isSame(this.#master as Node, before)) this.#listener?.onMoved()", "", "master")
]
