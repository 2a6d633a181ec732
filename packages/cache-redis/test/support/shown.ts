import { inspect } from "node:util"
import { Cause } from "effect"

/** Everything that a person or a machine gets to see of an error. */
export const shown = (error: unknown): string =>
  [
    inspect(error, { depth: 9, showHidden: true }),
    JSON.stringify(error),
    String(error),
    error instanceof Error ? error.stack : "",
    Cause.pretty(Cause.fail(error))
  ].join("\n")
