import { CacheError, CachePort } from "@hexcache/cache-port"
import { Cause, Effect, Exit, Layer } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { call, members, recordingDriver } from "./support/recordingDriver.ts"

describe("CachePort.fromDriver", () => {
  it("A port turns any input into a call of the driver or a CacheError, and never throws or dies", async () => {
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
    const { driver } = recordingDriver()
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

  it("A port refuses input that throws something that throws when it is inspected", async () => {
    const { calls, driver } = recordingDriver()
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
    assert.isEmpty(calls)
  })

  it("A namespace of a port that is an instance of a class calls its methods on it", async () => {
    class Fake {
      readonly right = CachePort.fromDriver(recordingDriver().driver)
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
    for (const operation of all) {
      assert.deepInclude(await Effect.runPromise(Effect.flip(operation)), { key: "a", outcome: "Unknown" })
    }
  })

  it("A port refuses invalid input before it calls the driver", async () => {
    const { calls, driver } = recordingDriver()
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
      ["getAndExpire", ["a", 0]],
      ["compareAndExpire", ["a", "b", 0]],
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
    assert.isEmpty(calls)
  })

  it("An empty batch costs no I/O", async () => {
    const { calls, driver } = recordingDriver()
    const port = CachePort.fromDriver(driver)
    assert.strictEqual((await Effect.runPromise(port.getMany([]))).size, 0)
    assert.strictEqual(await Effect.runPromise(port.deleteMany(new Set())), 0)
    await Effect.runPromise(port.setMany([]))
    assert.isEmpty(calls)
  })

  it("A driver gets distinct keys with the namespace in front, whole milliseconds and escaped patterns", async () => {
    const { calls, driver } = recordingDriver()
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
    assert.deepStrictEqual(calls, [
      ["getMany", ["a*:b%3Ac:x", "a*:b%3Ac:y"]],
      ["setMany", [["a*:b%3Ac:x", "2"]], 1],
      ["set", "a*:b%3Ac:x", '{"a":1}', undefined],
      ["increment", "a*:b%3Ac:x", -5, 1_000],
      ["expire", "a*:b%3Ac:x", undefined],
      ["deletePattern", "a\\*:b%3Ac:x?"],
      ["deletePattern", "a\\*:b%3Ac:*"]
    ])
  })

  it("A port flushes the whole store only if its namespace is empty", async () => {
    const { calls, driver } = recordingDriver()
    await Effect.runPromise(Effect.ignore(CachePort.fromDriver(driver).flush))
    await Effect.runPromise(Effect.ignore(CachePort.fromDriver(driver, { namespace: "" }).flush))
    await Effect.runPromise(Effect.ignore(CachePort.fromDriver(driver, { namespace: "n" }).flush))
    assert.deepStrictEqual(calls, [["flush"], ["flush"], ["deletePattern", "n:*"]])
  })

  it("A port refuses a batch that is larger than the largest Map", async () => {
    const cache = CachePort.fromDriver(recordingDriver().driver)
    const keys = new Array<never>(2 ** 23 + 1)
    for (const batch of [cache.getMany(keys), cache.deleteMany(keys), cache.setMany(keys)]) {
      assert.strictEqual(
        (await Effect.runPromise(Effect.flip<unknown, CacheError, never>(batch))).reason._tag,
        "InvalidArgument"
      )
    }
  })

  it("A port takes values up to maxValueBytes of UTF-8, by default 32 MiB", async () => {
    const { calls, driver } = recordingDriver()
    const small = CachePort.fromDriver(driver, { maxValueBytes: 6 })
    const large = CachePort.fromDriver(driver)
    await Effect.runPromise(Effect.ignore(small.set("a", "日日")))
    await Effect.runPromise(Effect.ignore(large.set("a", "é".repeat(16_777_216))))
    assert.lengthOf(calls, 2)
    for (const refused of [
      small.set("a", "日日."),
      small.setJson("a", "12345"),
      large.set("a", "a".repeat(33_554_433))
    ]) {
      assert.strictEqual((await Effect.runPromise(Effect.flip(refused))).reason._tag, "InvalidArgument")
    }
    assert.lengthOf(calls, 2)
  })

  it("An error has the operation and the key of the caller, and the outcome and server code of the driver", async () => {
    const { driver } = recordingDriver()
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

  it("Options out of range fail every operation, and the layer", async () => {
    const { calls, driver } = recordingDriver()
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
    assert.isEmpty(calls)
  })
})
