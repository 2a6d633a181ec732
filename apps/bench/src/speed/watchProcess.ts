import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks"

/** Between two looks of the histogram, in milliseconds; it counts what comes on top. */
const resolution = 1

/** Watches this process from now on. */
export const watchProcess = () => {
  const delay = monitorEventLoopDelay({ resolution })
  let inCollection = 0
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) inCollection += duration
  })
  collections.observe({ entryTypes: ["gc"] })
  delay.enable()
  return {
    end: (millis: number): Readonly<Record<string, number>> => {
      delay.disable()
      collections.disconnect()
      return {
        "longest stall, ms": Math.max(0, delay.max / 1e6 - resolution),
        "in GC, %": (100 * inCollection) / millis,
        "peak resident, MB": process.resourceUsage().maxRSS / 1_024
      }
    }
  }
}
