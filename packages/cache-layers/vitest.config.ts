import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-layers", isolate: false, testTimeout: 120_000 } })
