import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-memory", testTimeout: 120_000 } })
