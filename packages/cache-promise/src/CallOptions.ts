/**
 * Options of a call.
 *
 * @internal
 */
import { CacheError, type CacheOperation, InvalidArgument } from "@hexcache/cache-port"
import type { CacheFailures } from "./CacheResult.ts"

/** Options of every operation. */
export interface CallOptions {
  /**
   * Cancels the call: its promise rejects with the signal's reason, also where failures are results. A write that was
   * sent may happen all the same.
   */
  readonly signal?: AbortSignal | undefined
}

/** Operations whose options the port checks, but for the signal. */
const writes: ReadonlySet<string> = new Set<CacheOperation>([
  "set",
  "setJson",
  "setIfAbsent",
  "setMany",
  "increment",
  "decrement"
])

/** Why options are refused, if they are: most often for a name that is misspelt. */
export const refusalOf = (operation: CacheOperation, options: unknown): CacheError | undefined => {
  const message = messageOf(options, writes.has(operation))
  return message === undefined ? undefined : new CacheError({ operation, reason: new InvalidArgument({ message }) })
}

/** As `refusalOf`, in words, for calls whose only option is the signal. */
export const flawOf = (options: unknown): string | undefined => messageOf(options, false)

const messageOf = (options: unknown, isWrite: boolean): string | undefined => {
  try {
    if (typeof options !== "object" || options === null || Array.isArray(options)) return "options are an object"
    const { signal } = options as { readonly signal?: unknown }
    if (signal !== undefined && !isSignal(signal)) return "a signal is an AbortSignal"
    return isWrite || hasOnly(options, ["signal"]) ? undefined : "there are no options but signal"
  } catch {
    return "the options threw an error while they were read"
  }
}

const isSignal = (input: unknown): boolean =>
  typeof input === "object" && input !== null && "throwIfAborted" in input && "addEventListener" in input

const hasOnly = (options: object, names: ReadonlyArray<string>): boolean => {
  for (const name in options) {
    if (!names.includes(name) && (options as Record<string, unknown>)[name] !== undefined) return false
  }
  return true
}

/** The `failures` option of `open`. Throws a `CacheError` for unknown options. */
export const failuresOf = <Failures extends CacheFailures>(options: {
  readonly failures?: Failures | undefined
}): Failures => {
  const { failures = "throw" } = options
  if (!hasOnly(options, ["failures", "ready", "failOpen", "breaker"])) {
    throw refusedOpening("there are no options but failures, ready, failOpen and breaker")
  }
  if (failures !== "throw" && failures !== "result") throw refusedOpening('failures are "throw" or "result"')
  return failures as Failures
}

const refusedOpening = (message: string): CacheError =>
  new CacheError({ operation: "layer", reason: new InvalidArgument({ message }) })
