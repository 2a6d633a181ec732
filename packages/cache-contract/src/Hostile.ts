/**
 * Input that callers without types send.
 */

/** What is no key, no value, no pattern and no iterable of them. */
export const notText: ReadonlyArray<readonly [name: string, input: unknown]> = [
  ["undefined", undefined],
  ["null", null],
  ["a number", 5],
  ["NaN", Number.NaN],
  ["a boolean", true],
  ["a bigint", 5n],
  ["a symbol", Symbol("key")],
  ["a function", () => "key"],
  ["an object", { toString: () => "key" }],
  ["a String object", Object("key")],
  ["an array", ["key"]],
  ["a lone high surrogate", "key\ud800"],
  ["a lone low surrogate", "\udc00key"],
  ["a reversed pair of surrogates", "\udc00\ud800"],
  [
    "an object that throws",
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("hostile")
        }
      }
    )
  ]
]

/** What is no time to live, not even for `expire`. */
export const notTimeToLive: ReadonlyArray<readonly [name: string, input: unknown]> = [
  ["null", null],
  ["NaN", Number.NaN],
  ["a negative number", -1],
  ["a tiny negative number", -0.1],
  ["minus infinity", Number.NEGATIVE_INFINITY],
  ["more than 2^53 - 1 ms", 2 ** 53],
  ["a huge number", 1e300],
  ["a nanosecond more than 2^53 - 1 ms", 9_007_199_254_740_991n * 1_000_000n + 1n],
  ["a negative nanosecond", -1n],
  ["a negative duration", "-5 seconds"],
  ["text", "soon"],
  ["a number as text", "5"],
  ["the empty text", ""],
  ["a boolean", true],
  ["a symbol", Symbol("ttl")],
  ["a function", () => 5],
  ["an empty object", {}],
  ["an object with NaN", { seconds: Number.NaN }],
  ["an object with text", { seconds: "5" }],
  ["a pair with NaN", [Number.NaN, 0]],
  ["a Date", new Date(0)]
]

/** Texts that are ordinary keys and values, and that stores have been seen to break on. */
export const ordinary: ReadonlyArray<string> = [
  "a",
  " ",
  " leading and trailing ",
  "\0",
  "a\0b",
  "\r\n",
  "a\r\nDEL a\r\n",
  "\t\v\f\b",
  "tab\tand\nnewline",
  "*",
  "?",
  "[a-z]",
  "[",
  "]",
  "\\",
  "a\\*b",
  "^",
  "a:b",
  "a::b",
  ":",
  "%",
  "%3A",
  "{slot}key",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "0",
  "-1",
  "null",
  "undefined",
  "NaN",
  "'\"`$",
  "é",
  "e\u0301",
  "ß",
  "日本語",
  "שלום",
  "😀",
  "👩‍👩‍👧‍👦",
  "\ufeffbom",
  "\ufffd",
  "\uffff",
  "\u{10ffff}",
  "\u200b",
  "\u0080",
  "\u07ff\u0800"
]
