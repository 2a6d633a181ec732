import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-codec", testTimeout: 120_000 } })
