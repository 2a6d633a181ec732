import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "new-adapter", include: ["test/*.test.ts"], testTimeout: 120_000 } })
