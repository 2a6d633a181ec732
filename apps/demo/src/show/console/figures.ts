/**
 * Figures as people read them.
 */
import { Duration } from "effect"

/** A whole number with its thousands apart: `135,233`. */
export const count = (value: number): string => value.toLocaleString("en-US")

/** A part of one as percent: `97.5 %`. */
export const percent = (part: number): string => `${(part * 100).toFixed(1)} %`

/** A time with three digits that count: `12.4 µs`, `8.31 ms`, `1.20 s`. */
export const time = (duration: Duration.Duration): string => {
  const micros = Duration.toMillis(duration) * 1_000
  if (micros < 1_000) return `${threeDigits(micros)} µs`
  if (micros < 1_000_000) return `${threeDigits(micros / 1_000)} ms`
  return `${threeDigits(micros / 1_000_000)} s`
}

const threeDigits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
