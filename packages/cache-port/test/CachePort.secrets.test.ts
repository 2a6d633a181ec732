import { inspect } from "node:util"
import { CachePort } from "@hexcache/cache-port"
import { Cause, Effect, Logger, Tracer } from "effect"
import { assert, describe, it } from "vitest"
import { call, recordingDriver } from "./support/recordingDriver.ts"

describe("The secrecy of values", () => {
  const canary = "canary-7f3a"

  /** Every text that shows an error. */
  const shown = (error: unknown): string =>
    [
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
      String(error),
      (error as Error).stack ?? "",
      Cause.pretty(Cause.fail(error))
    ].join("\n")

  it("No error holds a value, an expected value or invalid input", async () => {
    const port = CachePort.fromDriver(recordingDriver().driver, { namespace: "n" })
    const throwing = {
      toJSON: () => {
        throw new Error(canary)
      }
    }
    const leaking: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
      ["set", ["key", canary]],
      ["set", ["key", { canary }]],
      ["set", ["key", `${canary}\ud800`]],
      ["setJson", ["key", { canary }]],
      ["setJson", ["key", throwing]],
      ["setJson", ["key", { [canary]: 1n }]],
      ["setIfAbsent", ["key", canary]],
      ["compareAndDelete", ["key", canary]],
      ["compareAndDelete", ["key", [canary]]],
      ["compareAndExpire", ["key", canary, 0]],
      ["compareAndExpire", ["key", [canary], 1]],
      ["setMany", [[["key", canary]]]],
      ["setMany", [[["key", [canary]]]]],
      ["setMany", [canary]],
      ["set", ["key", "value", { ttl: canary }]],
      ["set", ["key", "value", canary]],
      ["expire", ["key", canary]],
      ["increment", ["key", canary]],
      ["decrement", ["key", 1, { ttl: { canary } }]],
      ["get", [{ canary }]],
      ["get", [`${canary}\ud800`]],
      ["get", [canary.repeat(6_000)]],
      ["getMany", [[[canary]]]],
      ["deleteMany", [canary]],
      ["deletePattern", [`[é]${canary}`]],
      ["scan", [{ canary }]]
    ]
    for (const [member, args] of leaking) {
      const error = await Effect.runPromise(Effect.flip(call(port, member, args)))
      assert.notInclude(shown(error), canary, member)
    }
  })

  it("No log and no span holds a value", async () => {
    const seen: Array<string> = []
    const port = CachePort.fromDriver(recordingDriver().driver, { namespace: "n" })
    const logger = Logger.make(({ cause, message }) => {
      seen.push(inspect(message, { depth: 9 }), Cause.pretty(cause))
    })
    const program = Effect.gen(function* () {
      const failed = yield* Effect.flip(port.set("key", canary))
      yield* Effect.logError("the write failed", failed)
      yield* Effect.logError(Cause.fail(failed))
      const span = yield* Effect.currentSpan
      seen.push(inspect(span, { depth: 9 }))
      return yield* port.setJson("key", { canary })
    }).pipe(
      Effect.withSpan("request"),
      Effect.sandbox,
      Effect.tapError((cause) => Effect.logError(cause)),
      Effect.ignore
    )
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const end = span.end.bind(span)
        span.end = (time, exit) => {
          end(time, exit)
          seen.push(inspect(span, { depth: 9 }))
        }
        return span
      }
    })
    await Effect.runPromise(
      program.pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(Tracer.Tracer, tracer))
    )
    assert.isAbove(seen.length, 4)
    assert.include(seen.join("\n"), "no connection is ready")
    assert.notInclude(seen.join("\n"), canary)
  })
})
