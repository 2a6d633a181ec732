/** An editor shows on each public call what the call does, and on each common mistake what is wrong. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { afterAll } from "vitest"
import { LanguageServer } from "./support/LanguageServer.ts"

const read = (name: string) => {
  const path = fileURLToPath(new URL(`./editor/${name}.ts`, import.meta.url))
  return { path, text: readFileSync(path, "utf8") }
}

const everyCall = read("everyCall")
const mistakes = read("mistakes")

const publicName =
  /\b(?:(?:Cache\w+|Breaker|FailOpen|Telemetry|Chaos|Codec|Glob|Cached|cache|opened|wrapped|plain)\.)(?<name>\w+)|\b(?<own>intercept)\(/g

/** The public names that the file calls, or has as a value, with their places. */
const calls = everyCall.text.split("\n").flatMap((text, line) =>
  Array.from(text.matchAll(publicName), (match) => {
    const name = match.groups?.name ?? match.groups?.own ?? ""
    const character = match.index + match[0].indexOf(name, match[0].indexOf(".") + 1)
    return { call: text.trim(), position: { line, character } }
  })
)

/** The lines with a mistake, and words of the message. */
const expected = Array.from(mistakes.text.split("\n").entries()).flatMap(([line, text]) => {
  const words = /@ts-expect-error: (?<words>.*)/.exec(text)?.groups?.words
  return words === undefined ? [] : [{ line: line + 1, words }]
})

describe("an editor", { timeout: 120_000 }, async () => {
  const server = await LanguageServer.start()
  afterAll(() => server.close())
  const uri = server.open(everyCall.path)

  it("is tried on every kind of call, and on the eleven mistakes", () => {
    assert.isAbove(calls.length, 40)
    assert.isAtLeast(expected.length, 21)
  })

  for (const { call, position } of calls) {
    it(`shows what it does on ${call}`, async () => {
      const shown = await server.hover(uri, position)
      const prose = shown.replace(/```[\s\S]*?```/g, "").trim()
      assert.match(prose, /^(?!As |The same)\w[\s\S]{35,}/, shown)
    })
  }

  it("says what is wrong on each mistake", async () => {
    const errors = await server.errors(server.open(mistakes.path, mistakes.text.replaceAll("@ts-expect-error", "here")))
    for (const { line, words } of expected) {
      const message = errors.find((error) => error.line === line)?.message ?? ""
      assert.include(message, words, `line ${line + 1}`)
    }
    assert.strictEqual(errors.length, expected.length)
  })
})
