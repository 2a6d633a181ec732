import { expect, test } from "vitest"
import { asMarkdown, asText } from "../src/outage/report.ts"

const rows = [
  ["", "hangs", "process"],
  ["keyv", "100 %", "exits in 0.01 s"],
  ["cacheable", "0 %", "does not exit"]
]

test("text is aligned: names and words on the left, figures on the right", () => {
  expect(asText(rows)).toBe(
    ["           hangs  process", "keyv       100 %  exits in 0.01 s", "cacheable    0 %  does not exit"].join("\n")
  )
})

test("markdown has the same cells", () => {
  expect(asMarkdown(rows)).toBe(
    [
      "|  | hangs | process |",
      "| --- | ---: | --- |",
      "| keyv | 100 % | exits in 0.01 s |",
      "| cacheable | 0 % | does not exit |"
    ].join("\n")
  )
})
