/**
 * Texts that keep nothing else alive.
 *
 * @internal
 */

/** The shortest text of which V8 makes a part by reference, which keeps the whole text alive. */
const shortestPart = 13

/**
 * The same text with characters of its own. Text that was cut from another is often a reference into it, which would keep
 * all of that alive for as long as the part is held.
 */
export const ownCopy = (text: string): string => {
  if (text.length < shortestPart) return text
  const joined = text.slice(0, 1) + text.slice(1)
  // Two texts put together stay two until a character is read, which puts them in one place.
  return joined.charCodeAt(0) === text.charCodeAt(0) ? joined : text
}
