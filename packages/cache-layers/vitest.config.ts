import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-layers", testTimeout: 120_000 } })
