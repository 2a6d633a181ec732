/**
 * A logger of the program for the lines of a cache.
 */
import { Cause, type Layer, Logger, References } from "effect"

/** A line of the log. It holds no value, no password, and no reply of a server. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
  /** More about it, such as the operation. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly date: Date
  /** The failure that the line is about, as text with its stack; a lookup's error may be among it. */
  readonly cause?: string
}

/** Takes a line. One that throws loses the line, and nothing else. */
export type CacheLogger = (line: LogLine) => void

/**
 * Sends the lines of a cache to a logger, and to no other.
 *
 * @internal
 */
export const loggerLayer = (log: CacheLogger): Layer.Layer<never> =>
  Logger.layer([
    Logger.make(({ cause, date, fiber, logLevel, message }) => {
      const parts = Array.isArray(message) ? message : [message]
      try {
        log({
          level: levels[logLevel] ?? "debug",
          message: parts.map(String).join(" "),
          fields: { ...fiber.getRef(References.CurrentLogAnnotations) },
          date,
          ...(cause.reasons.length === 0 ? undefined : { cause: Cause.pretty(cause) })
        })
      } catch {
        // No caller waits for a log.
      }
    })
  ])

const levels: Readonly<Record<string, LogLine["level"]>> = {
  Fatal: "error",
  Error: "error",
  Warn: "warn",
  Info: "info"
}
