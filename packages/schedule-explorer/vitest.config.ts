import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "schedule-explorer", testTimeout: 120_000 } })
