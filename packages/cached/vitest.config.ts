import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cached", isolate: false, testTimeout: 120_000 } })
