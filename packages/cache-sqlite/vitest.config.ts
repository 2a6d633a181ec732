import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-sqlite", testTimeout: 120_000 } })
