import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "cache-promise", testTimeout: 30_000 } })
