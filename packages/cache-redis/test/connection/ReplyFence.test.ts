import { setImmediate } from "node:timers/promises"
import { expect, test } from "vitest"
import * as Reply from "../../src/commands/Reply.ts"
import { PendingCommand } from "../../src/connection/PendingCommand.ts"
import { ReplyFence } from "../../src/connection/ReplyFence.ts"

/** A fence whose replies come when they are let in, and the commands that it released. */
const makeFence = () => {
  const delivered: Array<PendingCommand> = []
  const replies: Array<() => void> = []
  const fence = new ReplyFence({
    ping: (text) => new Promise((resolve) => replies.push(() => resolve(text))),
    echo: () => expect.unreachable(),
    release: (calls) => delivered.push(...calls),
    outOfStep: () => expect.unreachable()
  })
  const sent = (): PendingCommand => {
    const call = new PendingCommand({ args: ["GET", "key"], decode: Reply.text }, () => {})
    call.fence = fence.fence()
    return call
  }
  return { delivered, fence, replies, sent }
}

test("a reply is held until its fence comes back", async () => {
  const { delivered, fence, replies, sent } = makeFence()
  const call = sent()
  await setImmediate()
  fence.hold(call)
  expect(delivered).toEqual([])
  replies.shift()?.()
  await setImmediate()
  expect(delivered).toEqual([call])
})

test("a reply that comes behind its fence is released at once, and none before its own fence", async () => {
  const { delivered, fence, replies, sent } = makeFence()
  const late = sent()
  await setImmediate()
  const next = sent()
  await setImmediate()
  replies.shift()?.()
  await setImmediate()
  fence.hold(next)
  fence.hold(late)
  expect(delivered).toEqual([late])
})
