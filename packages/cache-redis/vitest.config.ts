import { defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "cache-redis",
    // Most of a small file's time is the import of what all of them need.
    isolate: false,
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    // No promise, and so generous: what is promised about time, a test measures itself.
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})
