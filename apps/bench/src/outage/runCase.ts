import { RedisServer } from "@hexcache/redis-testkit"
import { type Call, type Figures, figuresOf, isDuring, outcomeInTime } from "./figures.ts"
import { patience } from "./keys.ts"
import type { Library } from "./Library.ts"
import { ProbeProcess, seed } from "./ProbeProcess.ts"
import { StoredKeys } from "./StoredKeys.ts"

/** The faults of Redis, in the order of the tables. */
export const faults = ["down at boot", "frozen", "killed"] as const
export type Fault = (typeof faults)[number]

/** The result of one library under one fault. */
export interface CaseResult {
  readonly library: string
  readonly fault: Fault
  /** How the process ended before anyone asked it to; the rest is unset then. */
  readonly crash?: { readonly afterMillis: number; readonly words: string }
  readonly run?: Run
}

/** The record of a process that lived to the end. */
export interface Run {
  readonly figures: Figures
  /** Sets that were called done during the fault and are not in Redis. */
  readonly lost: Part
  /** Writes that were not done when their callers gave up, and which Redis carried out all the same. */
  readonly late: Part
  /** Of those, the ones that replaced a newer value. */
  readonly overNewer: Part
  /** How long the process took to end by itself after `close`, in milliseconds; unset when it did not. */
  readonly exitMillis: number | undefined
}

/** So many out of so many. */
export interface Part {
  readonly count: number
  readonly of: number
}

/** How long the fault lasts, in milliseconds: off the beat of the clients' attempts to connect, which ends at 6,000. */
export const faultLength = 6_400
/** How long Redis is watched after the fault, in milliseconds. */
export const recovery = 5_000
/** How long a process may take to close its cache and end, in milliseconds. */
export const exitPatience = 3_500
const warmUp = 1_500

/** Runs one library under one fault, against a server of its own. */
export const runCase = (library: Library, fault: Fault): Promise<CaseResult> =>
  withServer(library, async (server) => ({
    library: library.name,
    fault,
    ...(await observe(library, fault, server))
  }))

/** The result of one library whose cache closed while Redis was frozen. */
export interface ClosingResult {
  readonly library: string
  /** How long the process took to end by itself, in milliseconds; unset when it did not. */
  readonly exitMillis: number | undefined
}

/** Closes one library's cache a moment after its Redis froze. */
export const runClosing = (library: Library): Promise<ClosingResult> =>
  withServer(library, async (server) => {
    const probe = await startWarm(library, server)
    server.freeze()
    await probe.wait(patience)
    return { library: library.name, exitMillis: await probe.close(exitPatience) }
  })

/** A server that holds the run's keys. With its file, they outlive its process. */
const withServer = async <A>(library: Library, use: (server: RedisServer) => Promise<A>): Promise<A> => {
  const server = await RedisServer.start({ args: ["--appendonly", "yes"] })
  try {
    await seed(library, server.url)
    return await use(server)
  } finally {
    await server.stop()
  }
}

const startWarm = async (library: Library, server: RedisServer): Promise<ProbeProcess> => {
  const probe = await start(library, server)
  if (!(await probe.warm())) throw new Error(`${library.name} does not answer while Redis is up`)
  await probe.wait(warmUp)
  return probe
}

const start = async (library: Library, server: RedisServer): Promise<ProbeProcess> => {
  const probe = new ProbeProcess(library, server.url)
  await probe.running()
  return probe
}

const observe = async (
  library: Library,
  fault: Fault,
  server: RedisServer
): Promise<Pick<CaseResult, "crash" | "run">> => {
  const stored = await StoredKeys.learn(server.url)
  if (fault === "down at boot") await server.kill()
  const probe = await (fault === "down at boot" ? start(library, server) : startWarm(library, server))

  const faultStart = Date.now()
  if (fault === "frozen") server.freeze()
  if (fault === "killed") await server.kill()
  probe.tell("fault")
  await probe.wait(faultLength)
  if (probe.ended !== undefined) return crashOf(probe.ended, faultStart)

  await (fault === "frozen" ? server.thaw() : server.restart())
  const faultEnd = Date.now()
  const late = probe.calls.filter((call) => call.probe === "late")
  const left = late.filter((_, index) => index % 2 === 0)
  const overwritten = late.filter((_, index) => index % 2 === 1)
  await stored.overwrite(keysOf(overwritten))
  await probe.wait(recovery)
  if (probe.ended !== undefined) return crashOf(probe.ended, faultStart)

  const span = { faultStart, faultEnd, watchEnd: Date.now() }
  const sets = probe.calls.filter((call) => call.probe === "set" && isDuring(call, span))
  const done = [...sets, ...left].filter(isDone)
  const exitMillis = await probe.close(exitPatience)
  const abandoned = (calls: ReadonlyArray<Call>) => keysOf(calls.filter((call) => !isDone(call)))
  return {
    run: {
      figures: figuresOf(probe.calls, span),
      lost: { count: done.length - (await stored.countExisting(keysOf(done))), of: done.length },
      late: { count: await stored.countExisting(abandoned(left)), of: abandoned(left).length },
      overNewer: { count: await stored.countReplaced(abandoned(overwritten)), of: abandoned(overwritten).length },
      exitMillis
    }
  }
}

const crashOf = (ended: { readonly at: number; readonly words: string }, faultStart: number) => ({
  crash: { afterMillis: Math.max(0, ended.at - faultStart), words: ended.words }
})

const keysOf = (calls: ReadonlyArray<Call>): ReadonlyArray<string> => calls.map(({ key }) => key)

const isDone = (call: Call): boolean => outcomeInTime(call) === "right"
