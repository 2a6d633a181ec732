/**
 * Redis's glob language, byte for byte: `*`, `?`, `[a-c]`, `[^a]` and `\x`.
 *
 * The rules are those of `stringmatchlen` in Redis's `util.c`, corner cases included: a range may be written from
 * either end, a class that is never closed ends with the pattern, `?` is one byte of UTF-8, and a `\` at the very end
 * is an ordinary character. Two kinds of pattern are invalid: a class that holds anything but ASCII, on which servers
 * differ (C's `char` is signed on some processors only); and a long rest from a `*` or a class on, with which one long key
 * keeps a server busy for seconds, since it compares the bytes behind a star again and again.
 *
 * @module
 */
import { utf8, utf8Length } from "./internal/Utf8.ts"

/** A compiled pattern. */
export interface Glob {
  /** True if the whole of `text` matches. The time is at most bytes of the pattern times bytes of the text. */
  readonly matches: (text: string) => boolean
  /**
   * Begins to match the whole of `text`, for callers that must not work for long. The function returned takes at most
   * `steps` steps, of a few nanoseconds each, and returns `undefined` until the result is known.
   */
  readonly begin: (text: string) => (steps: number) => boolean | undefined
}

/** The most bytes of UTF-8 in a pattern: those of the longest key with every byte escaped. */
export const maxPatternBytes = 131_072

/** The most bytes of UTF-8 from a pattern's first `*` or `[` to its last character that is no `*`. */
export const maxBytesAfterStar = 1_024

/**
 * Escapes a text: the pattern returned matches this text and no other.
 *
 * @example
 * ```ts
 * Glob.escape("price[EUR]*") // => "price\\[EUR\\]\\*"
 * ```
 */
export const escape = (text: string): string => text.replaceAll(/[*?[\]\\]/g, "\\$&")

/**
 * The text that every match of `pattern` begins with, unescaped; empty where nothing is known of the beginning. A store that
 * keeps its keys in the order of their UTF-8 bytes looks only at those that begin with it. The text is the whole of a match
 * where `pattern` has no `*`, `?` or `[` outside an escape.
 *
 * @example
 * ```ts
 * Glob.literalPrefix("shop:\\*1:*") // => "shop:*1:"
 * ```
 */
export const literalPrefix = (pattern: string): string => literalStart(pattern)[0]

/** True if the whole of `text` matches `pattern`. An invalid pattern matches nothing. */
export const matches = (pattern: string, text: string): boolean => {
  const glob = compile(pattern)
  return typeof glob === "string" ? false : glob.matches(text)
}

/**
 * Compiles a pattern, or returns one sentence that says why it is invalid. A pattern of any length compiles, so that a
 * namespace in front of a valid pattern does not make it invalid.
 */
export const compile = (pattern: string): Glob | string => {
  if (!pattern.isWellFormed()) return notWellFormed
  const [literal, length] = literalStart(pattern)
  const rest = pattern.slice(length)
  if (rest === "") return literally((text) => text === literal)
  if (/^\*+$/.test(rest)) return literally((text) => text.startsWith(literal))
  const parsed = parse(utf8(rest))
  if (typeof parsed === "string") return parsed
  const begin = (text: string) =>
    text.startsWith(literal) ? beginMatch(parsed.tokens, utf8(text.slice(literal.length))) : never
  return { begin, matches: (text) => begin(text)(Infinity) === true }
}

const never = (): boolean => false

const literally = (matches: (text: string) => boolean): Glob => ({ matches, begin: (text) => () => matches(text) })

/** The text that every match begins with, and its end in the pattern. */
const literalStart = (pattern: string): readonly [text: string, end: number] => {
  let end = 0
  while (end < pattern.length && !"*?[".includes(pattern.charAt(end))) end += pattern.charAt(end) === "\\" ? 2 : 1
  const start = pattern.slice(0, end)
  return [start.replaceAll(/\\([\s\S])/g, "$1"), start.length]
}

/** One sentence that says why a pattern is invalid; `undefined` for a valid one. */
export const refusalOf = (pattern: string): string | undefined => {
  if (!pattern.isWellFormed()) return notWellFormed
  if (pattern.length * 3 > maxPatternBytes && utf8Length(pattern) > maxPatternBytes) {
    return `a pattern has at most ${maxPatternBytes} bytes of UTF-8`
  }
  if (!pattern.includes("[") && pattern.length * 3 <= maxBytesAfterStar) return undefined
  const parsed = parse(utf8(pattern))
  if (typeof parsed === "string") return parsed
  return parsed.searched > maxBytesAfterStar
    ? `a pattern has at most ${maxBytesAfterStar} bytes from its first "*" or "[" on`
    : undefined
}

const notWellFormed = "a pattern is well-formed Unicode, without a lone surrogate"

/** A byte, `anyByte` or `star`, or a class: 1 for each byte of it. */
type Token = number | Uint8Array

const anyByte = 256
const star = 257

const asterisk = 0x2a
const questionMark = 0x3f
const opening = 0x5b
const closing = 0x5d
const backslash = 0x5c
const caret = 0x5e
const hyphen = 0x2d

/** `searched` are the bytes that a server may compare with one of a key: from the first star or class to the last other byte. */
const parse = (pattern: Uint8Array): { readonly tokens: ReadonlyArray<Token>; readonly searched: number } | string => {
  const tokens: Array<Token> = []
  let at = 0
  let firstSearched = -1
  let lastSearched = 0
  const add = (token: Token, end: number): void => {
    if (firstSearched === -1 && (token === star || typeof token !== "number")) firstSearched = at
    if (token !== star || tokens.at(-1) !== star) tokens.push(token)
    at = end
    if (token !== star) lastSearched = end
  }
  while (at < pattern.length) {
    const byte = pattern[at] as number
    if (byte === asterisk) add(star, at + 1)
    else if (byte === questionMark) add(anyByte, at + 1)
    else if (byte === opening) {
      const [token, end] = parseClass(pattern, at + 1)
      if (token === undefined) return "a class in a pattern holds ASCII only"
      add(token, end)
    } else if (byte === backslash && at + 1 < pattern.length) add(pattern[at + 1] as number, at + 2)
    else add(byte, at + 1)
  }
  return { tokens, searched: firstSearched === -1 ? 0 : lastSearched - firstSearched }
}

/** The class whose first byte after `[` is at `start`, and the index behind it. */
const parseClass = (pattern: Uint8Array, start: number): readonly [Token | undefined, number] => {
  const isNegated = pattern[start] === caret
  const members = new Uint8Array(256).fill(isNegated ? 1 : 0)
  let at = isNegated ? start + 1 : start
  while (at < pattern.length && pattern[at] !== closing) {
    let first = pattern[at] as number
    let last = first
    if (first === backslash && at + 1 < pattern.length) {
      at++
      first = last = pattern[at] as number
    } else if (at + 2 < pattern.length && pattern[at + 1] === hyphen) {
      last = pattern[at + 2] as number
      at += 2
    }
    if (first > 0x7f || last > 0x7f) return [undefined, at]
    members.fill(isNegated ? 0 : 1, Math.min(first, last), Math.max(first, last) + 1)
    at++
  }
  return [members, Math.min(at + 1, pattern.length)]
}

const matchesByte = (token: Token, byte: number): boolean =>
  typeof token === "number" ? token === byte || token === anyByte : token[byte] === 1

/** Begins a match, as `Glob.begin`. It only goes back to the last star, so its steps are at most pattern times text. */
const beginMatch = (tokens: ReadonlyArray<Token>, text: Uint8Array) => {
  let place: readonly [token: number, at: number, starToken: number, starAt: number] = [0, 0, -1, 0]
  return (steps: number): boolean | undefined => {
    let [token, at, starToken, starAt] = place
    for (let left = steps; at < text.length; left--) {
      if (left === 0) {
        place = [token, at, starToken, starAt]
        return undefined
      }
      const current = tokens[token]
      if (current === star) {
        starToken = token++
        starAt = at
      } else if (current !== undefined && matchesByte(current, text[at] as number)) {
        token++
        at++
      } else if (starToken >= 0) {
        token = starToken + 1
        at = ++starAt
      } else {
        return false
      }
    }
    while (tokens[token] === star) token++
    return token === tokens.length
  }
}
