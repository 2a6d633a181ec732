import { defineProject } from "vitest/config"

export default defineProject({
  test: { name: "cache-effect", isolate: false, testTimeout: 120_000, hookTimeout: 120_000 }
})
