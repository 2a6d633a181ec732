import { assert, describe, it } from "vitest"
import { flawsOf } from "../src/flawsOf.ts"

const messages = (source: string) => flawsOf("file.ts", source).map(({ message }) => message)

describe("flawsOf", () => {
  for (const [source, message] of [
    ["/** What is read. */", 'begins with "What": say first what the thing is or does'],
    ["/**\n * Whether it works.\n */", 'begins with "Whether": say first what the thing is or does'],
    ["// Who waits", 'begins with "Who": say first what the thing is or does'],
    ["/** How much is left. */", 'begins with "How much": say first what the thing is or does'],
    [
      "/** The server that\n * is\n * asked. */",
      'has "is asked": write the active voice, with the component as subject'
    ],
    ["// A driver answers.", 'has "answers": write "returns", or the name of what comes back'],
    ["// A name, users for one.", 'has "for one": write "for example"']
  ] as const) {
    it(`finds the flaw of ${JSON.stringify(source)}`, () => {
      assert.deepStrictEqual(messages(source), [message])
    })
  }

  it("says where a flaw is", () => {
    assert.deepStrictEqual(
      flawsOf("file.ts", "const a = 1\n\n/** What it is. */\nconst b = 2").map(({ line }) => line),
      [3]
    )
  })

  it("finds nothing in strings, in names, and in comments that say what a thing does", () => {
    const source = `
      /** Returns what the store has. */
      const whatIsAsked = "What is asked of the store for one" // The key's value.
      /* Retries once, for one key. */
    `
    assert.deepStrictEqual(messages(source), [])
  })
})
