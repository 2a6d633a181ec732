import { setImmediate as nextTurn } from "node:timers/promises"
import { expect, test } from "vitest"
import * as Reply from "../../src/commands/Reply.ts"
import { PendingCommand } from "../../src/connection/PendingCommand.ts"
import { ReplyPacer } from "../../src/connection/ReplyPacer.ts"

/** A pacer, callers that write as soon as they have their reply, and a log of both. */
const setup = (isQuiet: boolean) => {
  const log: Array<string> = []
  const pacer = new ReplyPacer({ isQuiet: () => isQuiet, onDelivered: () => log.push(`held ${pacer.held}`) })
  /** As a get is: gathered until the end of the turn, and then written with what else is. */
  const write = (line: string) => process.nextTick(() => setImmediate(() => log.push(line)))
  const calls = (name: string, count: number, weight: number): ReadonlyArray<PendingCommand> =>
    Array.from({ length: count }, () => {
      const call = new PendingCommand({ args: ["GET", "key"], decode: Reply.text, weight }, (answer) => {
        expect(answer).toBe(name)
        if (!log.includes(name)) write(`${name} writes`)
        log.push(name)
      })
      call.result = name
      return call
    })
  return { calls, log, pacer }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

const told = (log: ReadonlyArray<string>, name: string): number => log.filter((line) => line === name).length

test("small answers are given at once, however many come in a turn", () => {
  const { calls, log, pacer } = setup(false)
  for (let index = 0; index < 100; index++) pacer.deliver(calls("small", 5, 100))
  expect(told(log, "small")).toBe(500)
  expect(pacer.held).toBe(0)
})

test("where the server has nothing to do, half are given, and the others when those have written", async () => {
  const { calls, log, pacer } = setup(true)
  pacer.deliver(calls("half", 100, 1))
  expect(told(log, "half")).toBe(50)
  expect(pacer.held).toBe(50)
  await turns(3)
  expect(told(log, "half")).toBe(100)
  expect(log.indexOf("half writes")).toBe(50)
  expect(log).toContain("held 0")
})

test("behind much, the next are given one after the other, each when those before have written", async () => {
  const { calls, log, pacer } = setup(false)
  pacer.deliver(calls("first", 6, 100))
  pacer.deliver(calls("second", 6, 100))
  pacer.deliver(calls("third", 6, 100))
  pacer.deliver(calls("last", 1, 1))
  expect(log).toEqual(Array.from({ length: 6 }, () => "first"))
  expect(pacer.held).toBe(13)
  await turns(10)
  for (const name of ["first", "second", "third"]) expect(told(log, name)).toBe(6)
  expect(told(log, "last")).toBe(1)
  expect(log.indexOf("second")).toBeGreaterThan(log.indexOf("first writes"))
  expect(log.indexOf("third")).toBeGreaterThan(log.indexOf("second writes"))
  expect(log.indexOf("last")).toBeGreaterThan(log.indexOf("third writes"))
  expect(log).toContain("held 0")
  pacer.deliver(calls("later", 1, 1))
  expect(told(log, "later")).toBe(1)
})

test("of thousands of answers that come together no turn gives more than a heavy batch, in the order of the commands", async () => {
  const { calls, log, pacer } = setup(false)
  pacer.deliver(calls("early", 5_000, 1))
  pacer.deliver(calls("late", 1_000, 1))
  let before = 0
  for (let turn = 0; turn < 20; turn++) {
    const given = told(log, "early") + told(log, "late")
    expect(given - before).toBeLessThanOrEqual(1_200)
    before = given
    await turns(1)
  }
  expect(log.lastIndexOf("early")).toBeLessThan(log.indexOf("late"))
  expect(before).toBe(6_000)
  expect(pacer.held).toBe(0)
})

test("a caller that goes while it waits is told nothing, and holds up nobody", async () => {
  const { calls, log, pacer } = setup(false)
  const waiting = calls("waiting", 3, 100)
  pacer.deliver(calls("much", 8, 100))
  pacer.deliver(waiting)
  for (const call of waiting.slice(0, 1)) call.callback = undefined
  await turns(5)
  expect(told(log, "waiting")).toBe(2)
  expect(pacer.held).toBe(0)
})
