/** A run of the adapter in a simulated world: its events, the operations meanwhile, and the broken promises. */
import { randomFrom } from "../storm/random.ts"
import { Account } from "./Account.ts"
import { EventLog } from "./EventLog.ts"
import { enter } from "./globals.ts"
import { Loop } from "./Loop.ts"
import { Network } from "./Network.ts"
import { Chance, pick } from "./Schedule.ts"
import type { TopologyName } from "./topologies.ts"
import { World } from "./World.ts"

/** How a simulation goes. */
export interface SimulationOptions {
  /** Any number; all that happens follows from it. */
  readonly seed: number
  /** Simulated hours. */
  readonly hours: number
  /** True for processes with a near cache. */
  readonly isNear: boolean
  /** One server unless given. */
  readonly topology?: TopologyName | undefined
  /** The faults that may happen; all unless given. */
  readonly only?: ReadonlyArray<string> | undefined
  /** The rounds that happen, and no others; all that fit into the time unless given. */
  readonly rounds?: ReadonlyArray<number> | undefined
  /** True to report a run that breaks a promise with all its rounds; without those that do not matter unless given. */
  readonly isWhole?: boolean | undefined
  /** The number of events in the log of a run that breaks a promise. Defaults to those that matter for it. */
  readonly trace?: number | undefined
}

/** The result of a simulation. Times are in milliseconds. */
export interface SimulationReport {
  readonly seed: number
  readonly hash: string
  readonly events: number
  readonly steps: number
  readonly millis: number
  readonly operations: number
  readonly succeeded: number
  readonly verified: number
  readonly slowest: number
  readonly slowestRecovery: number
  readonly slowestRecoveryOf: string
  /** The broken promises; empty if all is well. */
  readonly wrong: ReadonlyArray<string>
  /** The rounds that have begun. */
  readonly rounds: ReadonlyArray<number>
  /** How often each fault was caused, and each branch was reached. */
  readonly sometimes: ReadonlyMap<string, number>
  /** The events that led to what is wrong. */
  readonly trace: ReadonlyArray<string>
}

export const simulate = async (options: SimulationOptions): Promise<SimulationReport> => {
  const loop = new Loop()
  const log = new EventLog(() => loop.now)
  const chance = new Chance(options.seed)
  const latency = pick(randomFrom(options.seed), [0.1, 0.3, 2, 6])
  const network = new Network(loop, log, chance.stream(), latency)
  enter({ loop, random: chance.stream().next, connect: network.connect })
  const account = new Account(() => loop.now)
  const world = new World(options, { loop, log, chance, network, account })
  let isOver = false
  let failure: unknown
  world.run().then(
    () => {
      isOver = true
    },
    (thrown) => {
      failure = thrown
      isOver = true
    }
  )
  await loop.run(() => isOver)
  if (failure !== undefined) throw failure
  if (!isOver) account.isWrong("end", "nothing is left to happen, and the simulation has not ended")
  return {
    seed: options.seed,
    hash: log.hash,
    events: log.length,
    steps: loop.steps,
    millis: loop.now,
    verified: account.verified,
    wrong: account.wrong,
    ...world.figures(),
    trace: account.wrong.length === 0 ? [] : log.last(options.trace ?? 80, matters(options, account.wrong))
  }
}

/** Of what is wrong first its keys and operation until then, and what happened to servers and connections. */
const matters = ({ trace }: SimulationOptions, wrong: ReadonlyArray<string>): ((event: string) => boolean) => {
  if (trace !== undefined) return () => true
  const [first = ""] = wrong
  const words = first.match(/(?:value|count|probe|register)-[0-9-]+|group-\{\d\}-\d|(?<=: )[AB] \d+/g) ?? []
  const found = new RegExp(
    [
      ...words.map((word) => `\\b${word.replace(/[{}]/g, "\\$&")}\\b`),
      "fault",
      "connection",
      "logs",
      "blocked",
      "promoted",
      "slot"
    ].join("|")
  )
  return (event) => Number.parseFloat(event) <= Number.parseFloat(first) && found.test(event)
}
