/**
 * Redis's glob language, byte for byte: `*`, `?`, `[a-c]`, `[^a]` and `\x`.
 *
 * The rules are those of `stringmatchlen` in Redis's `util.c`, corner cases included: a range may be written from
 * either end, a class that is never closed ends with the pattern, `?` is one byte of UTF-8, and a `\` at the very end
 * is an ordinary character. Two things are refused: a class that holds anything but ASCII, on which servers differ (C's
 * `char` is signed on some processors only); and a long text behind a `*`, with which one long key keeps a server busy
 * for seconds.
 *
 * @module
 */
import { utf8, utf8Length } from "./Utf8.ts"

/** A pattern made ready for many texts. */
export interface Glob {
  /** Whether the whole of `text` matches. */
  readonly matches: (text: string) => boolean
}

/** The most bytes of UTF-8 that a pattern has: twice those of the longest key, every one of them escaped. */
export const maxPatternBytes = 131_072

/** The most bytes of UTF-8 from a pattern's first `*` to its last character that is no `*`. */
export const maxBytesAfterStar = 1_024

/**
 * Makes any text a pattern that matches this text only.
 *
 * @example
 * ```ts
 * Glob.escape("price[EUR]*") // => "price\\[EUR\\]\\*"
 * ```
 */
export const escape = (text: string): string => text.replaceAll(/[*?[\]\\]/g, "\\$&")

/** Whether the whole of `text` matches `pattern`. A refused pattern matches nothing. */
export const matches = (pattern: string, text: string): boolean => {
  const glob = compile(pattern)
  return typeof glob === "string" ? false : glob.matches(text)
}

/**
 * Makes a pattern ready for many texts, or says in one sentence why it is refused. How long it is does not matter here,
 * so that a namespace in front of an allowed pattern does not make it a refused one.
 */
export const compile = (pattern: string): Glob | string => {
  if (!pattern.isWellFormed()) return notWellFormed
  const tokens = parse(utf8(pattern))
  return typeof tokens === "string" ? tokens : { matches: (text) => run(tokens, utf8(text)) }
}

/** Why a pattern is refused, in one sentence, or `undefined`. */
export const refusalOf = (pattern: string): string | undefined => {
  if (!pattern.isWellFormed()) return notWellFormed
  if (pattern.length * 3 > maxPatternBytes && utf8Length(pattern) > maxPatternBytes) {
    return `a pattern has at most ${maxPatternBytes} bytes of UTF-8`
  }
  if (!pattern.includes("[") && pattern.length * 3 <= maxBytesAfterStar) return undefined
  const bytes = utf8(pattern)
  const tokens = parse(bytes)
  if (typeof tokens === "string") return tokens
  const last = tokens.findLastIndex((token) => token !== star)
  const first = tokens.indexOf(star)
  return first >= 0 && last - first > maxBytesAfterStar
    ? `a pattern has at most ${maxBytesAfterStar} bytes behind its first "*"`
    : undefined
}

const notWellFormed = "a pattern is well-formed Unicode, without a lone surrogate"

type Token =
  | { readonly _tag: "Star" }
  | { readonly _tag: "AnyByte" }
  | { readonly _tag: "Byte"; readonly byte: number }
  | { readonly _tag: "Class"; readonly members: Uint8Array; readonly negated: boolean }

const star: Token = { _tag: "Star" }
const anyByte: Token = { _tag: "AnyByte" }

const asterisk = 0x2a
const questionMark = 0x3f
const opening = 0x5b
const closing = 0x5d
const backslash = 0x5c
const caret = 0x5e
const hyphen = 0x2d

const parse = (pattern: Uint8Array): ReadonlyArray<Token> | string => {
  const tokens: Array<Token> = []
  let at = 0
  while (at < pattern.length) {
    const byte = pattern[at] as number
    if (byte === asterisk) {
      if (tokens.at(-1) !== star) tokens.push(star)
      at++
    } else if (byte === questionMark) {
      tokens.push(anyByte)
      at++
    } else if (byte === opening) {
      const [token, end] = parseClass(pattern, at + 1)
      if (token === undefined) return "a class in a pattern holds ASCII only"
      tokens.push(token)
      at = end
    } else if (byte === backslash && at + 1 < pattern.length) {
      tokens.push({ _tag: "Byte", byte: pattern[at + 1] as number })
      at += 2
    } else {
      tokens.push({ _tag: "Byte", byte })
      at++
    }
  }
  return tokens
}

/** The class whose first byte after `[` is at `start`, and where the pattern goes on behind it. */
const parseClass = (pattern: Uint8Array, start: number): readonly [Token | undefined, number] => {
  const members = new Uint8Array(256)
  let at = start
  const negated = pattern[at] === caret
  if (negated) at++
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
    members.fill(1, Math.min(first, last), Math.max(first, last) + 1)
    at++
  }
  return [{ _tag: "Class", members, negated }, Math.min(at + 1, pattern.length)]
}

const matchesByte = (token: Token, byte: number): boolean => {
  switch (token._tag) {
    case "Byte":
      return token.byte === byte
    case "Class":
      return (token.members[byte] === 1) !== token.negated
    default:
      return true
  }
}

/** Only the last star is ever tried again, so the time is at most pattern times text. */
const run = (tokens: ReadonlyArray<Token>, text: Uint8Array): boolean => {
  let token = 0
  let at = 0
  let starToken = -1
  let starAt = 0
  while (at < text.length) {
    const current = tokens[token]
    if (current !== undefined && current._tag === "Star") {
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
  while (tokens[token]?._tag === "Star") token++
  return token === tokens.length
}
