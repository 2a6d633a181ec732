/** Replies that nobody asked for, or that are garbage, in pieces, or errors. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { unaskedReplies } from "../storm/faults.ts"
import { eventually, untilSuccess } from "../support/bounds.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { readers } from "../support/readers.ts"
import { readyCache, server } from "../support/servers.ts"

describe.concurrent("replies that are not what they should be", () => {
  it.live("one unasked reply, of every type of RESP: connection destroyed; no wrong value, ever", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.latency(10)
      const cached = yield* readyCache({ url, commandTimeout: "5 seconds" })
      const load = yield* readers(cached, 50)
      for (let round = 0; round < 3; round++) {
        for (const reply of unaskedReplies) {
          yield* Effect.sleep(30 + round * 7)
          const { accepted } = proxy
          proxy.inject(reply)
          // Only a push may come at any time.
          if (reply.startsWith(">")) yield* Effect.sleep(60)
          else yield* eventually(() => proxy.accepted > accepted)
          yield* untilSuccess(cached.ping)
        }
      }
      const { reads, wrong } = yield* load.end
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(reads, 500)
    })
  )

  it.live("an unasked reply while nothing is asked: the next answers are right", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({ url })
      yield* cached.setMany([
        ["a", "value of a"],
        ["b", "value of b"]
      ])
      for (const reply of unaskedReplies) {
        proxy.inject(reply)
        const answers = yield* Effect.all([cached.get("a"), cached.get("b")].map(untilSuccess), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(answers, [Option.some("value of a"), Option.some("value of b")])
      }
    })
  )

  it.live("bytes that make the reply to a write an error leave its outcome Unknown", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({ url, commandTimeout: "5 seconds" })
      proxy.inject("-#")
      const error = yield* Effect.flip(cached.set("key", "value"))
      assert.strictEqual(error.reason._tag, "Unknown")
      assert.strictEqual(error.outcome, "Unknown")
      assert.deepStrictEqual(yield* untilSuccess(cached.get("key")), Option.some("value"))
    })
  )

  it.live("protocol garbage: connection destroyed; no wrong value, ever", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      proxy.latency(5)
      const cached = yield* readyCache({ url, commandTimeout: "5 seconds" })
      const load = yield* readers(cached, 50)
      const { accepted } = proxy
      for (let round = 0; round < 50; round++) {
        yield* Effect.sleep(20 + (round % 5) * 3)
        proxy.garbage()
        yield* untilSuccess(cached.ping)
      }
      const { reads, wrong } = yield* load.end
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(reads, 500)
      assert.isAtLeast(proxy.accepted, accepted + 40)
    })
  )

  it.live("replies in slices of 1 to 7 bytes: every answer is right, on one connection", () =>
    Effect.gen(function* () {
      const { proxy, url } = yield* faultyServer
      const cached = yield* readyCache({ url, connectTimeout: "20 seconds" })
      proxy.slice()
      const load = yield* readers(cached, 20, { pause: 1 })
      yield* eventually(() => load.seen.reads > 500)
      const { wrong } = yield* load.end
      assert.deepStrictEqual(wrong, [])
      assert.strictEqual(proxy.accepted, 1)
    })
  )

  it.live("error replies: nothing of them is echoed", () =>
    Effect.gen(function* () {
      const { url } = yield* server({ args: ["--rename-command", "SET", ""] })
      const cached = yield* readyCache({ url })
      const error = yield* Effect.flip(cached.set("key", "canary-7f3a"))
      assert.strictEqual(error.reason._tag, "Unknown")
      assert.strictEqual(error.serverCode, "ERR")
      assert.notInclude(`${error} ${JSON.stringify(error)} ${error.stack}`, "canary-7f3a")
    })
  )
})
