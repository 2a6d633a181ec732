import { setImmediate } from "node:timers/promises"
import { expect, test } from "vitest"
import * as Reply from "../../src/commands/Reply.ts"
import { Call } from "../../src/connection/Call.ts"
import { Markers } from "../../src/connection/Markers.ts"

/** Markers whose replies come when they are let in, and the calls that they delivered. */
const makeMarkers = () => {
  const delivered: Array<Call> = []
  const replies: Array<() => void> = []
  const markers = new Markers({
    ping: (text) => new Promise((resolve) => replies.push(() => resolve(text))),
    echo: () => expect.unreachable(),
    deliver: (calls) => delivered.push(...calls),
    outOfStep: () => expect.unreachable()
  })
  const sent = (): Call => {
    const call = new Call({ args: ["GET", "key"], decode: Reply.text }, () => {})
    call.marker = markers.plan()
    return call
  }
  return { delivered, markers, replies, sent }
}

test("an answer is kept until its marker comes", async () => {
  const { delivered, markers, replies, sent } = makeMarkers()
  const call = sent()
  await setImmediate()
  markers.keep(call)
  expect(delivered).toEqual([])
  replies.shift()?.()
  await setImmediate()
  expect(delivered).toEqual([call])
})

test("an answer that is told behind its marker is given at once, and none before its own", async () => {
  const { delivered, markers, replies, sent } = makeMarkers()
  const late = sent()
  await setImmediate()
  const next = sent()
  await setImmediate()
  replies.shift()?.()
  await setImmediate()
  markers.keep(next)
  markers.keep(late)
  expect(delivered).toEqual([late])
})
