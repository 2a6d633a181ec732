import { configDefaults, defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "demo",
    exclude: [...configDefaults.exclude, "test/page/**"],
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 30_000,
    hookTimeout: 120_000
  }
})
