/** What the port does between domain code and any driver. */

import { inspect } from "node:util"
import { type CacheDriver, CacheError, CachePort, DriverFailure, Unavailable } from "@hexcache/cache-port"
import { Cause, Effect, Exit, Layer, Logger, Stream, Tracer } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

/** A driver that notes what it was asked, and fails everything. */
const noting = () => {
  const asked: Array<ReadonlyArray<unknown>> = []
  const failure = new DriverFailure(new Unavailable({ message: "no connection is ready" }), "Unknown", "LOADING")
  const fail =
    (name: string) =>
    (...args: ReadonlyArray<unknown>) =>
      Effect.suspend(() => {
        asked.push([name, ...args])
        return Effect.fail(failure)
      })
  const driver: CacheDriver = {
    get: fail("get"),
    getMany: fail("getMany"),
    set: fail("set"),
    setMany: fail("setMany"),
    setIfAbsent: fail("setIfAbsent"),
    deleteMany: fail("deleteMany"),
    getAndDelete: fail("getAndDelete"),
    compareAndDelete: fail("compareAndDelete"),
    exists: fail("exists"),
    expire: fail("expire"),
    ttl: fail("ttl"),
    increment: fail("increment"),
    scan: (pattern) => Stream.fromEffect(fail("scan")(pattern)),
    deletePattern: fail("deletePattern"),
    flush: fail("flush")(),
    ping: fail("ping")()
  }
  return { asked, driver }
}

type Untyped = Record<string, (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>>

const members = [
  "get",
  "getJson",
  "set",
  "setJson",
  "setIfAbsent",
  "delete",
  "deleteMany",
  "getAndDelete",
  "compareAndDelete",
  "exists",
  "expire",
  "ttl",
  "increment",
  "decrement",
  "getMany",
  "setMany",
  "deletePattern",
  "scan"
]

const call = (
  port: CachePort["Service"],
  member: string,
  args: ReadonlyArray<unknown>
): Effect.Effect<unknown, unknown> => {
  const answer = (port as unknown as Untyped)[member]?.(...args)
  return member === "scan"
    ? Stream.runDrain(answer as unknown as Stream.Stream<unknown>)
    : (answer as Effect.Effect<unknown, unknown>)
}

describe("CachePort.fromDriver", () => {
  it("answers any input with a CacheError or by asking the driver, and never throws or dies", async () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
      withBoxedValues: true
    })
    const { driver } = noting()
    const ports = [CachePort.fromDriver(driver, { namespace: "n" })]
    ports.push(CachePort.namespaced(CachePort.of({ ...(ports[0] as CachePort["Service"]) }), "foreign"))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...members), fc.array(anything, { maxLength: 3 }), async (member, args) => {
        for (const port of ports) {
          const exit = await Effect.runPromiseExit(call(port, member, args))
          if (Exit.isSuccess(exit)) continue
          assert.isTrue(
            exit.cause.reasons.every((reason) => reason._tag === "Fail"),
            Cause.pretty(exit.cause)
          )
          assert.isTrue(
            exit.cause.reasons.every((reason) => reason._tag === "Fail" && reason.error instanceof CacheError)
          )
        }
      }),
      { numRuns: 5_000 }
    )
  })

  it("refuses what throws something that throws when it is looked at", async () => {
    const { asked, driver } = noting()
    const revoked = () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    }
    const throwing = {
      get ttl() {
        throw revoked()
      },
      [Symbol.iterator]() {
        throw revoked()
      }
    }
    const port = CachePort.fromDriver(driver)
    for (const each of [port, CachePort.namespaced(port, "n"), CachePort.namespaced(CachePort.of({ ...port }), "n")]) {
      for (const [member, args] of [
        ["set", ["a", "b", throwing]],
        ["set", ["a", revoked()]],
        ["get", [revoked()]],
        ["getMany", [throwing]],
        ["deleteMany", [revoked()]],
        ["setMany", [throwing]],
        ["expire", ["a", revoked()]],
        ["increment", ["a", revoked()]],
        ["scan", [revoked()]]
      ] as const) {
        const error = await Effect.runPromise(Effect.flip(call(each, member, args)))
        assert.instanceOf(error, CacheError)
        assert.strictEqual(error.reason._tag, "InvalidArgument", member)
      }
    }
    assert.isEmpty(asked)
  })

  it("makes a part of a port that is an instance of a class", async () => {
    class Fake {
      readonly right = CachePort.fromDriver(noting().driver)
      get(key: string) {
        return this.right.get(key)
      }
      exists(key: string) {
        return this.right.exists(key)
      }
      ttl(key: string) {
        return this.right.ttl(key)
      }
      delete(key: string) {
        return this.right.delete(key)
      }
    }
    const part = CachePort.namespaced(new Fake() as unknown as CachePort["Service"], "n")
    const all: ReadonlyArray<Effect.Effect<unknown, CacheError>> = [
      part.get("a"),
      part.exists("a"),
      part.ttl("a"),
      part.delete("a")
    ]
    for (const asked of all) {
      assert.deepInclude(await Effect.runPromise(Effect.flip(asked)), { key: "a", outcome: "Unknown" })
    }
  })

  it("refuses bad input before the driver is asked", async () => {
    const { asked, driver } = noting()
    const port = CachePort.fromDriver(driver)
    const bad: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
      ["get", [5]],
      ["getJson", [""]],
      ["set", ["a", 5]],
      ["set", ["a", "b", { ttl: 0 }]],
      ["set", ["a", "b", "1 hour"]],
      ["setJson", ["a", undefined]],
      ["setIfAbsent", ["a", "b", { ttl: -1 }]],
      ["delete", ["\ud800"]],
      ["deleteMany", ["abc"]],
      ["deleteMany", [["a", ""]]],
      ["getAndDelete", []],
      ["compareAndDelete", ["a"]],
      ["exists", [null]],
      ["expire", ["a"]],
      ["expire", ["a", -1]],
      ["ttl", [Symbol("a")]],
      ["increment", ["a", 0.5]],
      ["increment", ["a", 1, { ttl: Number.NaN }]],
      ["decrement", ["a", "1"]],
      ["getMany", [["a", 5]]],
      ["setMany", [{ a: "b" }]],
      ["setMany", [[["a", "b"]], { ttl: 0 }]],
      ["deletePattern", ["[é]"]],
      ["scan", [5]]
    ]
    for (const [member, args] of bad) {
      const error = await Effect.runPromise(Effect.flip(call(port, member, args)))
      assert.instanceOf(error, CacheError)
      assert.include(["InvalidArgument", "InvalidValue"], error.reason._tag, member)
      assert.strictEqual(error.operation, member)
      assert.strictEqual(error.outcome, "NotExecuted")
    }
    assert.isEmpty(asked)
  })

  it("does no I/O for empty batches", async () => {
    const { asked, driver } = noting()
    const port = CachePort.fromDriver(driver)
    assert.strictEqual((await Effect.runPromise(port.getMany([]))).size, 0)
    assert.strictEqual(await Effect.runPromise(port.deleteMany(new Set())), 0)
    await Effect.runPromise(port.setMany([]))
    assert.isEmpty(asked)
  })

  it("hands the driver distinct keys with the namespace in front, whole milliseconds and escaped patterns", async () => {
    const { asked, driver } = noting()
    const port = CachePort.namespaced(CachePort.fromDriver(driver, { namespace: "a*" }), "b:c")
    for (const [member, args] of [
      ["getMany", [["x", "y", "x"]]],
      [
        "setMany",
        [
          [
            ["x", "1"],
            ["x", "2"]
          ],
          { ttl: 0.2 }
        ]
      ],
      ["setJson", ["x", { a: 1 }]],
      ["decrement", ["x", 5, { ttl: "1 second" }]],
      ["expire", ["x", "Infinity"]],
      ["deletePattern", ["x?"]],
      ["flush", []]
    ] as const) {
      await Effect.runPromise(Effect.ignore(member === "flush" ? port.flush : call(port, member, args)))
    }
    assert.deepStrictEqual(asked, [
      ["getMany", ["a*:b%3Ac:x", "a*:b%3Ac:y"]],
      ["setMany", [["a*:b%3Ac:x", "2"]], 1],
      ["set", "a*:b%3Ac:x", '{"a":1}', undefined],
      ["increment", "a*:b%3Ac:x", -5, 1_000],
      ["expire", "a*:b%3Ac:x", undefined],
      ["deletePattern", "a\\*:b%3Ac:x?"],
      ["deletePattern", "a\\*:b%3Ac:*"]
    ])
  })

  it("flushes the whole store only where the namespace is empty", async () => {
    const { asked, driver } = noting()
    await Effect.runPromise(Effect.ignore(CachePort.fromDriver(driver).flush))
    await Effect.runPromise(Effect.ignore(CachePort.fromDriver(driver, { namespace: "" }).flush))
    await Effect.runPromise(Effect.ignore(CachePort.fromDriver(driver, { namespace: "n" }).flush))
    assert.deepStrictEqual(asked, [["flush"], ["flush"], ["deletePattern", "n:*"]])
  })

  it("refuses a batch of more than a map can answer with", async () => {
    const cache = CachePort.fromDriver(noting().driver)
    const keys = new Array<never>(2 ** 23 + 1)
    for (const asked of [cache.getMany(keys), cache.deleteMany(keys), cache.setMany(keys)]) {
      assert.strictEqual(
        (await Effect.runPromise(Effect.flip<unknown, CacheError, never>(asked))).reason._tag,
        "InvalidArgument"
      )
    }
  })

  it("takes values up to maxValueBytes of UTF-8, and 32 MiB unless given", async () => {
    const { asked, driver } = noting()
    const small = CachePort.fromDriver(driver, { maxValueBytes: 6 })
    const large = CachePort.fromDriver(driver)
    await Effect.runPromise(Effect.ignore(small.set("a", "日日")))
    await Effect.runPromise(Effect.ignore(large.set("a", "é".repeat(16_777_216))))
    assert.lengthOf(asked, 2)
    for (const refused of [
      small.set("a", "日日."),
      small.setJson("a", "12345"),
      large.set("a", "a".repeat(33_554_433))
    ]) {
      assert.strictEqual((await Effect.runPromise(Effect.flip(refused))).reason._tag, "InvalidArgument")
    }
    assert.lengthOf(asked, 2)
  })

  it("gives the driver's failure its operation, key, outcome and server code", async () => {
    const { driver } = noting()
    const error = await Effect.runPromise(
      Effect.flip(CachePort.fromDriver(driver, { namespace: "n" }).increment("key"))
    )
    assert.deepInclude(error, {
      operation: "increment",
      key: "key",
      outcome: "Unknown",
      serverCode: "LOADING",
      code: "CACHE_CONNECTION_ERROR",
      isRetryable: false
    })
    const batch = await Effect.runPromise(Effect.flip(CachePort.fromDriver(driver).deleteMany(["a", "b"])))
    assert.deepStrictEqual(batch.keys, ["a", "b"])
  })

  it("fails every operation, and the layer, on options out of range", async () => {
    const { asked, driver } = noting()
    for (const options of [
      { namespace: 5 },
      { namespace: null },
      { namespace: "\ud800" },
      { maxValueBytes: -1 },
      { maxValueBytes: Number.NaN }
    ]) {
      const port = CachePort.fromDriver(driver, options as never)
      for (const member of members) {
        const error = await Effect.runPromise(Effect.flip(call(port, member, ["a", "b"])))
        assert.strictEqual((error as CacheError).reason._tag, "InvalidArgument")
      }
      for (const operation of [port.flush, port.ping]) {
        assert.strictEqual((await Effect.runPromise(Effect.flip(operation))).reason._tag, "InvalidArgument")
      }
      const layer = CachePort.layerFromDriver(Effect.succeed(driver), options as never)
      const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(layer))))
      assert.deepInclude(error, { operation: "layer" })
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    }
    assert.isEmpty(asked)
  })
})

describe("what a value leaves behind", () => {
  const canary = "canary-7f3a"

  /** Everything that a person or a machine gets to see of an error. */
  const shown = (error: unknown): string =>
    [
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
      String(error),
      (error as Error).stack ?? "",
      Cause.pretty(Cause.fail(error))
    ].join("\n")

  it("no error holds a value, an expected value or refused input", async () => {
    const port = CachePort.fromDriver(noting().driver, { namespace: "n" })
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

  it("no log and no span holds a value", async () => {
    const seen: Array<string> = []
    const port = CachePort.fromDriver(noting().driver, { namespace: "n" })
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
