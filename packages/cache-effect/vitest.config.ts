import { configDefaults, defineProject } from "vitest/config"

export default defineProject({
  test: { name: "cache-effect", exclude: [...configDefaults.exclude, "test/faults.integration.test.ts"] }
})
