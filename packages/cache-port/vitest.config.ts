import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-port", testTimeout: 120_000 } })
