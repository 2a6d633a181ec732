import type { ViteUserConfig } from "vitest/config"
import { QuietReporter } from "./QuietReporter.ts"

/** Settings of a root vitest config: the quiet reporter, and the logs of failed tests only. */
export const quiet = {
  silent: "passed-only",
  reporters: [new QuietReporter(), ...(process.env.GITHUB_ACTIONS === "true" ? ["github-actions" as const] : [])],
  // Advice about vitest's own settings, a few lines after every run.
  experimental: { diagnostics: { environment: false, import: false, isolate: false, transform: false } }
} satisfies ViteUserConfig["test"]
