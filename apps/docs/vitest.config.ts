import { defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "docs",
    include: ["test/**/*.test.ts"],
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})
