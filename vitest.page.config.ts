import { defineConfig } from "vitest/config"

/** The demo's page and the site in a browser, which not every machine has: a run of its own, `pnpm test:page`. */
export default defineConfig({
  test: {
    name: "page",
    include: ["apps/*/test/page/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    silent: "passed-only",
    // Some measure times, on a server of their own.
    fileParallelism: false
  }
})
