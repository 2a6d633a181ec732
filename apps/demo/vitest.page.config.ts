import { defineConfig } from "vitest/config"

/** The page in a browser, which not every machine has: a run of its own, `pnpm test:page`. */
export default defineConfig({
  test: {
    name: "demo-page",
    root: import.meta.dirname,
    include: ["test/page/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    silent: "passed-only",
    // Each measures times, on a server of its own.
    fileParallelism: false
  }
})
