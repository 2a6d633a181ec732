/**
 * The errors of SQLite as failures of a driver.
 *
 * @internal
 */
import {
  AccessDenied,
  type CacheErrorReason,
  DriverFailure,
  OutOfMemory,
  Unavailable,
  Unknown
} from "@hexcache/cache-port"

/**
 * The state of the connection behind a failure: the lock is another's, the file is broken, the file cannot be reached, or
 * only this operation is refused.
 */
export type Kind = "Busy" | "Broken" | "Lost" | "Refused"

/** The primary result codes of SQLite that have a meaning here. */
const codes: Readonly<
  Record<number, readonly [name: string, kind: Kind, reason: (message: string) => CacheErrorReason]>
> = {
  3: ["SQLITE_PERM", "Lost", (message) => new AccessDenied({ message })],
  5: ["SQLITE_BUSY", "Busy", (message) => new Unavailable({ message })],
  6: ["SQLITE_LOCKED", "Busy", (message) => new Unavailable({ message })],
  7: ["SQLITE_NOMEM", "Refused", (message) => new OutOfMemory({ message })],
  8: ["SQLITE_READONLY", "Lost", (message) => new Unavailable({ message })],
  10: ["SQLITE_IOERR", "Lost", (message) => new Unavailable({ message })],
  11: ["SQLITE_CORRUPT", "Broken", (message) => new Unavailable({ message })],
  13: ["SQLITE_FULL", "Refused", (message) => new OutOfMemory({ message })],
  14: ["SQLITE_CANTOPEN", "Lost", (message) => new Unavailable({ message })],
  18: ["SQLITE_TOOBIG", "Refused", (message) => new OutOfMemory({ message })],
  26: ["SQLITE_NOTADB", "Broken", (message) => new Unavailable({ message })]
}

const codeOf = (error: unknown): number | undefined =>
  typeof error === "object" && error !== null && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined

/** The kind of an error; what is none of SQLite's, of a folder for example, has lost the database. */
export const kindOf = (error: unknown): Kind => {
  const code = codeOf(error)
  return code === undefined ? "Lost" : (codes[code]?.[1] ?? "Refused")
}

/** The failure of an operation. Its message has the name of SQLite's code, and none of its words. */
export const failureOf = (error: unknown): DriverFailure => {
  const code = codeOf(error)
  if (code === undefined) {
    return new DriverFailure(new Unavailable({ message: "the database of the cache cannot be used" }))
  }
  const [name, , reason] = codes[code] ?? ["SQLITE_ERROR", "Refused", (message) => new Unknown({ message })]
  // A disk that fails at the end of a transaction may have the whole of it, or nothing.
  const outcome = name === "SQLITE_IOERR" ? "Unknown" : "NotExecuted"
  return new DriverFailure(reason(`SQLite refused the operation with ${name}`), outcome, name)
}
