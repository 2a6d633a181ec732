import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cached", testTimeout: 120_000 } })
