/**
 * Options of a call.
 *
 * @internal
 */
import { CacheError, type CacheOperation, InvalidArgument } from "@hexcache/cache-port"
import type { CacheFailures } from "./CacheResult.ts"
import { flawOfLayers, type LayerOptions } from "./OpenedLayers.ts"

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
  const message = messageOf(options, writes.has(operation), operation === "getJson" ? ["signal", "schema"] : ["signal"])
  return message === undefined ? undefined : new CacheError({ operation, reason: new InvalidArgument({ message }) })
}

/** As `refusalOf`, in words, for calls whose only option is the signal. */
export const flawOf = (options: unknown): string | undefined => messageOf(options, false, ["signal"])

const messageOf = (options: unknown, isWrite: boolean, names: ReadonlyArray<string>): string | undefined => {
  try {
    if (typeof options !== "object" || options === null || Array.isArray(options)) return "options are an object"
    const { schema, signal } = options as { readonly schema?: unknown; readonly signal?: unknown }
    if (signal !== undefined && !isSignal(signal)) return "a signal is an AbortSignal"
    if (schema !== undefined && names.includes("schema") && !isSchema(schema)) return "a schema is a Standard Schema"
    return isWrite || hasOnly(options, names) ? undefined : `there are no options but ${names.join(" and ")}`
  } catch {
    return "the options threw an error while they were read"
  }
}

const isSignal = (input: unknown): boolean =>
  typeof input === "object" && input !== null && "throwIfAborted" in input && "addEventListener" in input

const isSchema = (input: unknown): boolean => {
  const standard = (input as { readonly "~standard"?: { readonly validate?: unknown } } | null)?.["~standard"]
  return typeof standard?.validate === "function"
}

const hasOnly = (options: object, names: ReadonlyArray<string>): boolean => {
  for (const name in options) {
    if (!names.includes(name) && (options as Record<string, unknown>)[name] !== undefined) return false
  }
  return true
}

/** The `failures` option of `open`. Throws a `CacheError` for unknown options. */
export const failuresOf = <Failures extends CacheFailures>(
  options: LayerOptions & { readonly failures?: Failures | undefined }
): Failures => {
  const { failures = "throw" } = options
  if (!hasOnly(options, openOptions)) throw refusedOpening(`there are no options but ${openOptions.join(", ")}`)
  const flaw = flawOfLayers(options)
  if (flaw !== undefined) throw refusedOpening(flaw)
  if (failures !== "throw" && failures !== "result") throw refusedOpening('failures are "throw" or "result"')
  return failures as Failures
}

const openOptions = ["failures", "ready", "failOpen", "breaker", "telemetry", "logger", "status"]

const refusedOpening = (message: string): CacheError =>
  new CacheError({ operation: "layer", reason: new InvalidArgument({ message }) })
