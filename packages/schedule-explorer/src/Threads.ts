/**
 * Threads that share work: each takes the next piece when it is through with one.
 */
import { availableParallelism } from "node:os"
import { parentPort, Worker } from "node:worker_threads"
import { type Done, run, type Work } from "./Work.ts"

/** A message from a thread: how far it is, or the end of its piece. */
type Message = { readonly schedules: number } | { readonly done: Done }

/** How often a thread says how far it is, in milliseconds. */
const every = 5_000

/**
 * How long all threads may compute, in milliseconds, before one that has said nothing meanwhile counts as standing still. By
 * the time of the processors, since others may use those: a schedule takes a few milliseconds.
 */
const longest = 120_000

/** Short-lived objects are most of what a schedule makes; more room for them saves collections. */
const resourceLimits = { maxYoungGenerationSizeMb: 128 }

/** Fails where a thread fails, ends, or stands still, and names the piece that it was at. */
export const inThreads = async (all: ReadonlyArray<Work>, onDone: (done: Done) => void): Promise<void> => {
  const left = [...all]
  const workers = Array.from(
    { length: Math.min(availableParallelism(), all.length) },
    () => new Worker(new URL("main.ts", import.meta.url), { resourceLimits })
  )
  try {
    await Promise.all(workers.map((worker) => workThrough(worker, left, onDone)))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

/** Has a thread take pieces until none is left. */
const workThrough = (worker: Worker, left: Array<Work>, onDone: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    let current: Work | undefined
    let watch: NodeJS.Timeout | undefined
    let since = computed()
    const fail = (how: string, cause?: unknown) => {
      clearInterval(watch)
      reject(new Error(`a thread ${how} at ${current?.name}`, { cause }))
    }
    const goOn = () => {
      current = left.shift()
      if (current === undefined) {
        clearInterval(watch)
        resolve()
      } else worker.postMessage(current)
    }
    worker.on("error", (error) => fail("failed", error))
    worker.on("exit", (code) => fail(`ended with ${code}`))
    worker.on("message", (message: Message) => {
      since = computed()
      if (!("done" in message)) return
      onDone(message.done)
      goOn()
    })
    watch = setInterval(() => {
      if (computed() - since > longest) fail("stands still")
    }, every)
    goOn()
  })

/** The time of the processors that this process has used, in milliseconds. */
const computed = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** Takes pieces from the thread that began this one. */
export const serve = (): void => {
  parentPort?.on("message", async (work: Work) => {
    let last = performance.now()
    const done = await run(work, (schedules) => {
      const now = performance.now()
      if (now - last < every) return
      last = now
      parentPort?.postMessage({ schedules } satisfies Message)
    })
    parentPort?.postMessage({ done } satisfies Message)
  })
}
