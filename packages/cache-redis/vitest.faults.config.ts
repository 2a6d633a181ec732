import { defineProject } from "vitest/config"

/** Tests of what happens when a server fails, and of how soon. */
export const faults = ["test/faults.integration.test.ts", "test/sentinel.integration.test.ts"]

/** Measures times to the millisecond, and so runs file by file when everything else is over. */
export default defineProject({
  test: {
    name: "cache-redis-faults",
    include: faults,
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    sequence: { groupOrder: 1 }
  }
})
