/** A length of time: milliseconds, or text such as `"30 seconds"`. */
export type CacheDuration = number | `${number} ${"milli" | "second" | "minute" | "hour" | "day" | "week"}${"" | "s"}`
