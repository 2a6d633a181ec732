import { expect, test } from "vitest"
import { filesIn } from "../src/readme.ts"

test("a snippet that begins with the name of a file is that file, and no other snippet is", () => {
  const markdown = [
    "```ts",
    "// main.ts",
    "start()",
    "```",
    "```ts",
    "// not a name",
    "stop()",
    "```",
    "```sh",
    "// other.ts",
    "```",
    ""
  ].join("\n")
  expect([...filesIn(markdown)]).toEqual([["main.ts", "start()\n"]])
})
