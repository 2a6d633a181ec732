/**
 * Warnings between the lines of the tour.
 */
import { styleText } from "node:util"
import { Logger } from "effect"

/** Writes each warning as one short line to stderr. */
export const warnings: Logger.Logger<unknown, void> = Logger.make(({ message }) => {
  const text = Array.isArray(message) ? message.join(" ") : String(message)
  console.error(styleText("yellow", `  ! ${text}`, { stream: process.stderr }))
})
