/**
 * Builds keys out of parts.
 *
 * @module
 */

/** A part of a key. */
export type CacheKeyPart = string | number | bigint | boolean

/**
 * Joins parts with `:`. A `%` or `:` inside a part is encoded as `%25` or `%3A`, so that parts of different
 * text never make the same key, and no part reaches into another's keys.
 *
 * @example
 * ```ts
 * CacheKey.make("user", 42)        // => "user:42"
 * CacheKey.make("user", "a:b", 1)  // => "user:a%3Ab:1"
 * ```
 */
export const make = (...parts: readonly [CacheKeyPart, ...ReadonlyArray<CacheKeyPart>]): string =>
  parts.map(encodePart).join(":")

/** Encodes one part as `make` does. */
export const encodePart = (part: CacheKeyPart): string => {
  const text = String(part)
  return reserved.test(text) ? text.replaceAll("%", "%25").replaceAll(":", "%3A") : text
}

const reserved = /[%:]/
