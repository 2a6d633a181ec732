import { configDefaults, defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "demo",
    exclude: [...configDefaults.exclude, "test/page/**"],
    isolate: false,
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
})
