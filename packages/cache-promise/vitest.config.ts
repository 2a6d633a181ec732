import { defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "cache-promise",
    isolate: false,
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000
  }
})
