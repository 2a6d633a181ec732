import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-memory", isolate: false, testTimeout: 120_000 } })
