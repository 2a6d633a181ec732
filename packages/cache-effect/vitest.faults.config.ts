import { defineProject } from "vitest/config"

/** Measures times, and so runs by itself when everything else is over. */
export default defineProject({
  test: {
    name: "cache-effect-faults",
    include: ["test/faults.integration.test.ts"],
    testTimeout: 60_000,
    sequence: { groupOrder: 2 }
  }
})
