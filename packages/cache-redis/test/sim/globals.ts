/**
 * Replaces time, turns of the loop, chance and sockets of this whole process by those of the simulation that runs. To be
 * imported before anything that takes them.
 */
import crypto from "node:crypto"
import { syncBuiltinESMExports } from "node:module"
import net from "node:net"
import { performance } from "node:perf_hooks"
import { randomFrom } from "../storm/random.ts"
import { Loop } from "./Loop.ts"

/** The globals that a simulation brings. */
export interface Reality {
  readonly loop: Loop
  readonly random: () => number
  readonly connect: (options: net.TcpSocketConnectOpts & { readonly signal?: AbortSignal }) => unknown
}

/** The time of the machine, in milliseconds. */
export const machineTime: () => number = performance.now.bind(performance)

const nothing: Reality = {
  loop: new Loop(),
  random: randomFrom(1).next,
  connect: () => {
    throw new Error("no simulation runs")
  }
}

let reality = nothing

/** Begins a simulation in this process, which ends the one before. */
export const enter = (begun: Reality): void => {
  reality = begun
}

// Thousands of errors a second are made, and their stacks read by nobody.
Error.stackTraceLimit = 0

const epoch = 1_800_000_000_000

const clear = (task: never) => reality.loop.clear(task)

Object.assign(globalThis, {
  setTimeout: (...args: Parameters<Loop["setTimeout"]>) => reality.loop.setTimeout(...args),
  setImmediate: (...args: Parameters<Loop["setImmediate"]>) => reality.loop.setImmediate(...args),
  setInterval: () => {
    throw new Error("the simulation has no intervals")
  },
  clearTimeout: clear,
  clearImmediate: clear
})
performance.now = () => reality.loop.now
Date.now = () => epoch + Math.floor(reality.loop.now)
process.hrtime.bigint = () => BigInt(Math.round(reality.loop.now * 1e6))
/** Eight hexadecimal digits. */
const digits = () =>
  Math.floor(reality.random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, "0")
crypto.randomUUID = () => {
  const [second, third] = [digits(), digits()]
  return `${digits()}-${second.slice(0, 4)}-${second.slice(4)}-${third.slice(0, 4)}-${third.slice(4)}${digits()}` as const
}
crypto.randomBytes = ((size: number) =>
  Buffer.from(Array.from({ length: size }, () => Math.floor(reality.random() * 256)))) as typeof crypto.randomBytes
globalThis.crypto.randomUUID = crypto.randomUUID
net.createConnection = ((options: net.TcpSocketConnectOpts) =>
  reality.connect(options)) as unknown as typeof net.createConnection
syncBuiltinESMExports()

Math.random = () => reality.random()
await import("../../src/platform/Platform.ts")
// Effect draws the hash of each function when it needs it first, which is once in a process and not in a simulation.
Math.random = () => 0.5
