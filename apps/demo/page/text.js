/**
 * Figures as people read them.
 */

/** A time: `0.3 ms`, `12 ms`, `1.2 s`. @param {number} value */
export const millis = (value) => {
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)} s`
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}

/** An age: `4 s`, `2 min`. @param {number} value in milliseconds */
export const age = (value) => (value < 60_000 ? `${Math.floor(value / 1_000)} s` : `${Math.floor(value / 60_000)} min`)

/** A whole number with its thousands apart: `135,233`. @param {number} value */
export const count = (value) => value.toLocaleString("en-US")

/** A number in little room: `950`, `1.2k`. @param {number} value */
export const short = (value) =>
  value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 }).replace("K", "k")

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MB`

/** @param {number} part of one */
export const percent = (part) => `${(part * 100).toFixed(part === 1 || part === 0 ? 0 : 1)} %`
