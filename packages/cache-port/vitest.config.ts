import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-port", isolate: false, testTimeout: 120_000 } })
