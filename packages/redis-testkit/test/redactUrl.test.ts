import { expect, test } from "vitest"
import { redactUrl } from "../src/redactUrl.ts"

test.each([
  ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379"],
  ["redis://:hunter2@cache.internal:6380/1", "redis://***@cache.internal:6380"],
  ["rediss://app:hunter2@cache.internal", "rediss://***@cache.internal"],
  ["redis://cache.internal?password=hunter2", "redis://cache.internal"],
  ["hunter2", "(not a URL)"]
])("%s becomes %s", (url, redacted) => {
  expect(redactUrl(url)).toBe(redacted)
})
