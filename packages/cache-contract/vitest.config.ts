import { defineProject } from "vitest/config"

// Tests of real time wait more than they compute.
export default defineProject({ test: { name: "cache-contract", maxConcurrency: 10 } })
