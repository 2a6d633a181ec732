import { defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "demo",
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 30_000,
    hookTimeout: 120_000
  }
})
