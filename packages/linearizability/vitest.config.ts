import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "linearizability", testTimeout: 120_000 } })
