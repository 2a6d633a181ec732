/** The storm's account notices what it is there to notice. */
import { assert, it } from "vitest"
import { Ledger, type Outcome } from "./Ledger.ts"

const write = (ledger: Ledger, outcome: Outcome) => ledger.endWrite(ledger.beginWrite("key"), outcome)
const text = (version: number, key = "key") => `${key}|${version}|...`

/** The finding of the account about a read that begins after `before` and ends after `between`. */
const read = (
  answer: string | undefined,
  before: (ledger: Ledger) => void,
  between: (ledger: Ledger) => void = () => {}
): ReadonlyArray<string> => {
  const ledger = new Ledger()
  before(ledger)
  const known = ledger.beginRead("key")
  between(ledger)
  ledger.endRead("key", "key", answer, known)
  return ledger.wrong
}

const twoWrites = (ledger: Ledger) => {
  write(ledger, "Executed")
  write(ledger, "Executed")
}

it("takes what can be", () => {
  assert.isEmpty(read(undefined, () => {}))
  assert.isEmpty(read(text(2), twoWrites))
  assert.isEmpty(read(text(1), (ledger) => write(ledger, "Executed"), twoWrites))
  assert.isEmpty(
    read(text(1), (ledger) => {
      write(ledger, "Unknown")
      write(ledger, "Executed")
    })
  )
  assert.isEmpty(
    read(undefined, (ledger) => {
      twoWrites(ledger)
      ledger.nextEpoch()
      ledger.nextEpoch()
    })
  )
})

it("notices what cannot be", () => {
  assert.lengthOf(read(text(1), twoWrites), 1, "an older version than was acknowledged")
  assert.lengthOf(read(text(3), twoWrites), 1, "a version that nobody wrote")
  assert.lengthOf(read(text(2, "other"), twoWrites), 1, "another key's value")
  assert.lengthOf(read("value", twoWrites), 1, "something else")
  assert.lengthOf(read(undefined, twoWrites), 1, "nothing")
  assert.lengthOf(
    read(text(1), (ledger) => write(ledger, "NotExecuted")),
    1,
    "a version that was not executed"
  )
  assert.lengthOf(
    read(text(2), (ledger) => {
      twoWrites(ledger)
      ledger.nextEpoch()
      ledger.nextEpoch()
    }),
    1,
    "a version of a server that was killed"
  )
})

it("notices a write that was read and then said not to be executed", () => {
  const ledger = new Ledger()
  const writing = ledger.beginWrite("key")
  ledger.endRead("key", "key", text(1), ledger.beginRead("key"))
  ledger.endWrite(writing, "NotExecuted")
  assert.lengthOf(ledger.wrong, 1)
})

it("notices a batch that was read in parts, and a counter that is too low or too high", async () => {
  const ledger = new Ledger()
  ledger.isOneVersion("group", [2, 2, 1])
  assert.lengthOf(ledger.wrong, 1)
  Object.assign(ledger.counter("count"), { issued: 10, acknowledged: 5, notExecuted: 2 })
  for (const [server, wrong] of [
    [4, 2],
    [5, 2],
    [8, 2],
    [9, 3]
  ] as const) {
    await ledger.count(async () => server)
    assert.lengthOf(ledger.wrong, wrong)
  }
})
