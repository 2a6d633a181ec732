import { defineConfig } from "vitest/config"
import { quiet } from "./packages/test-reporter/src/index.ts"

// Tests wait more than they compute, so more files run side by side than there are processors.
process.env.VITEST_MAX_WORKERS ??= "4"

// The workers, and the programs that tests start, compile what they import once.
process.env.NODE_COMPILE_CACHE ??= `${import.meta.dirname}/node_modules/.cache/compiled`

export default defineConfig({ test: { ...quiet, projects: ["packages/*", "apps/*", "examples/*/vitest.config.ts"] } })
