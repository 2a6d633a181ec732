import { parseSync } from "oxc-parser"

/** A comment that breaks a rule. */
export interface Flaw {
  /** Counts from 1. */
  readonly line: number
  readonly message: string
}

const openings = /^(?:What|Whether|Who|Whom|Whose|How much|How many|Of which|Of whom)\b/

const phrases: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  [
    /\b(?:is|are|was|were|be|been|being) (?:asked|told|given|owed)\b/i,
    "the active voice, with the component as subject"
  ],
  [/\banswers\b/i, '"returns", or the name of what comes back'],
  [/\bfor one\b(?=[.,;:)]|$)/i, '"for example"'],
  [/\bof late\b/i, '"recently"'],
  [/\bas it comes\b/i, '"with its defaults"'],
  [/\bbe it that\b/i, '"if"']
]

/** The flaws of the comments of a TypeScript file, in their order. */
export const flawsOf = (fileName: string, source: string): ReadonlyArray<Flaw> =>
  parseSync(fileName, source).comments.flatMap(({ start, value }) => {
    const line = source.slice(0, start).split("\n").length
    return messagesOf(
      value
        .replace(/^\s*\*+/gm, "")
        .replace(/\s+/g, " ")
        .trim()
    ).map((message) => ({ line, message }))
  })

const messagesOf = (text: string): ReadonlyArray<string> => {
  const opening = openings.exec(text)?.[0]
  return [
    ...(opening === undefined ? [] : [`begins with "${opening}": say first what the thing is or does`]),
    ...phrases.flatMap(([pattern, instead]) => {
      const phrase = pattern.exec(text)?.[0]
      return phrase === undefined ? [] : [`has "${phrase}": write ${instead}`]
    })
  ]
}
