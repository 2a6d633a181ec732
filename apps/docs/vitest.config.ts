import { configDefaults, defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "docs",
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/page/**"],
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})
