import { configDefaults, defineProject } from "vitest/config"
import { faults } from "./vitest.faults.config.ts"

export default defineProject({
  test: {
    name: "cache-redis",
    exclude: [...configDefaults.exclude, ...faults],
    globalSetup: ["@hexcache/redis-testkit/vitest"],
    testTimeout: 30_000,
    hookTimeout: 120_000
  }
})
