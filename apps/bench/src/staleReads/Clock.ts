/**
 * Time that passes only when a search says so.
 */
import { mock } from "node:test"

export interface Clock {
  /** Milliseconds of the epoch. */
  readonly now: () => number
  readonly advance: (millis: number) => void
  /** Begins anew, without any timer. */
  readonly restart: () => void
}

const start = 1_700_000_000_000

/** A clock for caches that take one. */
export const virtualClock = (): Clock => {
  let now = start
  return {
    now: () => now,
    advance: (millis) => {
      now += millis
    },
    restart: () => {
      now = start
    }
  }
}

/** Replaces the time of this process: its dates, its performance counter and its timers. */
export const replaceTime = (): Clock => {
  const enable = () => mock.timers.enable({ apis: ["Date", "setTimeout", "setInterval"], now: start })
  enable()
  const now = () => Date.now()
  performance.now = () => now() - start
  return {
    now,
    advance: (millis) => mock.timers.tick(millis),
    restart: () => {
      mock.timers.reset()
      enable()
    }
  }
}
