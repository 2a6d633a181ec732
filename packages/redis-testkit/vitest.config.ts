import { defineConfig } from "vitest/config"

export default defineConfig({
  test: { name: "redis-testkit", globalSetup: "src/vitest.ts", testTimeout: 120_000, hookTimeout: 120_000 }
})
