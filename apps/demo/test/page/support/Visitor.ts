/**
 * Someone who goes on asking.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"

/** The observations of a visitor. Times are in milliseconds. */
export interface Seen {
  readonly requests: number
  readonly failed: number
  readonly longest: number
  /** How late the visitor himself was at most. */
  readonly late: number
}

/**
 * Requests one of these cities each 50 ms, however many responses are outstanding, until the returned function stops
 * it.
 */
export const visit = (url: string, ids: ReadonlyArray<number>): (() => Promise<Seen>) => {
  const loop = monitorEventLoopDelay({ resolution })
  loop.enable()
  const waiting = new Set<Promise<void>>()
  let requests = 0
  let failed = 0
  let longest = 0
  let isOver = false

  const ask = async (id: number | undefined) => {
    const began = performance.now()
    const response = await fetch(`${url}/cities/${id}`).catch(() => undefined)
    await response?.arrayBuffer()
    longest = Math.max(longest, performance.now() - began)
    if (response?.status !== 200) failed++
  }

  const asking = (async () => {
    for (; !isOver; await sleep(50)) {
      const asked = ask(ids[requests++ % ids.length])
      waiting.add(asked)
      asked.finally(() => waiting.delete(asked))
    }
    await Promise.all(waiting)
  })()

  return async () => {
    isOver = true
    await asking
    loop.disable()
    return { requests, failed, longest, late: Math.max(0, loop.max / 1e6 - resolution) }
  }
}

const resolution = 5
