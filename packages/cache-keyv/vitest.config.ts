import { configDefaults, defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "cache-keyv",
    exclude: [...configDefaults.exclude, "test/faults.integration.test.ts"],
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 30_000,
    hookTimeout: 120_000
  }
})
