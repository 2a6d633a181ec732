import { defineProject } from "vitest/config"

/** Measures times to the millisecond, and so runs by itself when everything else is over. */
export default defineProject({
  test: {
    name: "cache-redis-faults",
    include: ["test/faults.integration.test.ts"],
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { groupOrder: 1 }
  }
})
