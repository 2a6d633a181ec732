import { defineConfig } from "vitest/config"
import { quiet } from "./packages/test-reporter/src/index.ts"

export default defineConfig({
  test: { ...quiet, projects: ["packages/*", "packages/*/vitest.*.config.ts", "apps/*"] }
})
