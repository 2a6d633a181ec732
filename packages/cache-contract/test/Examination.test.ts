/** A law that is broken says what was done and what came of it, to a reader who does not know its code. */
import { CacheContract } from "@hexcache/cache-contract"
import { type CacheDriver, CachePort, DriverFailure, TimedOut, Unknown } from "@hexcache/cache-port"
import { Effect, Layer, Stream } from "effect"
import { assert, describe, test } from "vitest"
import { examineLaw, explainBreach } from "../src/Examination.ts"
import { Trace } from "../src/Trace.ts"
import { fakeStore } from "./wrong/FakeStore.ts"
import { makeReference } from "./wrong/Reference.ts"

const lawNamed = (name: string): CacheContract.Law => {
  const law = CacheContract.chapters.flatMap(({ laws }) => laws).find((law) => law.name === name)
  assert.isDefined(law)
  return law
}

const layerOf = (change: (right: CacheDriver) => Partial<CacheDriver>) =>
  Layer.sync(CachePort, () => {
    const right = makeReference()
    return CachePort.fromDriver({ ...right, ...change(right) })
  })

/** The message of a law that an adapter breaks. */
const messageOf = (
  name: string,
  layer: Layer.Layer<CachePort>,
  harness: CacheContract.Harness = { time: "TestClock" }
): Promise<string> => {
  const law = lawNamed(name)
  return Effect.runPromise(
    Effect.flatMap(Effect.flip(Effect.sandbox(examineLaw(law, layer, harness))), (cause) => {
      const [first] = cause.reasons
      const thrown = first?._tag === "Fail" ? first.error : first?._tag === "Die" ? first.defect : undefined
      return Effect.map(explainBreach(thrown, law, layer, harness), ({ message }) => message)
    })
  )
}

describe("a law that an adapter breaks", () => {
  test("A broken law shows its last operations, with their results", async () => {
    const message = await messageOf(
      "set: replaces the value",
      layerOf((right) => ({ set: (key, value, ttl) => Effect.asVoid(right.setIfAbsent(key, value, ttl)) }))
    )
    assert.strictEqual(
      message,
      [
        "expected 'old and longer' to equal 'new'",
        "",
        "The last operations of the law, run once more:",
        '  set "key" returned nothing',
        '  set "key" returned nothing',
        '  get "key" returned "old and longer"'
      ].join("\n")
    )
  })

  test("A failure that the driver calls Unknown shows where it was made, and the server's code", async () => {
    const message = await messageOf(
      "exists: answers",
      layerOf(() => ({
        exists: () =>
          Effect.suspend(() =>
            Effect.fail(new DriverFailure(new Unknown({ message: "failed" }), "NotExecuted", "42P01"))
          )
      }))
    )
    assert.match(
      message,
      /^exists "key" failed: failed \(Unknown\) with the server's code 42P01 at .*Examination\.test\.ts/
    )
  })

  test("A failure of the law's only operation is said once, without what the contract does itself", async () => {
    const message = await messageOf(
      "get: none when absent",
      layerOf(() => ({
        get: () => Effect.fail(new DriverFailure(new TimedOut({ message: "no reply" }))),
        deletePattern: () => Effect.fail(new DriverFailure(new TimedOut({ message: "no reply" })))
      })),
      { time: "real" }
    )
    assert.strictEqual(message, 'get "absent" failed: no reply (TimedOut)')
  })

  test("A law that is broken only now and then says so", async () => {
    let reads = 0
    const message = await messageOf(
      "get: none when absent",
      layerOf((right) => ({ get: (key) => (reads++ === 0 ? Effect.succeed("from nowhere") : right.get(key)) }))
    )
    assert.include(message, "Run once more, the adapter keeps the law: it depends on the moment.")
    assert.include(message, '  get "absent" returned none')
  })

  test("A law on a store that is out of order shows the operations on that store", async () => {
    const store = fakeStore((right) => ({
      execute: (request, operation) =>
        operation === "exists"
          ? Effect.fail(new DriverFailure(new TimedOut({ message: "no reply" })))
          : right.execute(request, operation)
    }))
    const message = await messageOf(
      "the first operation of a layer whose store is up succeeds",
      layerOf(() => ({})),
      {
        time: "real",
        store
      }
    )
    assert.include(message, 'exists "key" failed: no reply (TimedOut)')
    assert.include(message, '  exists "key" failed with TimedOut, outcome NotExecuted')
  })
})

test("A trace has a line for each operation, and the last of many", async () => {
  const trace = new Trace()
  const cache = trace.around(CachePort.fromDriver(makeReference()))
  const part = CachePort.namespaced(cache, "part")
  const run = (operation: Effect.Effect<unknown, unknown>) => Effect.runPromise(Effect.exit(operation))
  for (const operation of [
    part.set("key", "x".repeat(100), { ttl: "1 hour" }),
    part.get("key"),
    cache.get("absent"),
    part.ttl("absent"),
    cache.getMany(["part:key", "b", "c"]),
    cache.increment("part:key"),
    cache.exists("part:key"),
    Stream.runDrain(cache.scan("*")),
    cache.deletePattern("*"),
    cache.ping
  ]) {
    await run(operation)
  }
  assert.deepStrictEqual(trace.lines, [
    'set "key" returned nothing',
    `get "key" returned "${"x".repeat(59)}… (102 characters)`,
    'get "absent" returned none',
    'ttl "absent" returned Missing',
    "getMany of 3 keys returned 3 keys, 1 with a value",
    'increment "part:key" failed with WrongType, outcome NotExecuted: increment "part:key" failed: not an integer (WrongType)',
    'exists "part:key" returned true',
    "scan returned 1 keys",
    "deletePattern returned 1",
    "ping returned true"
  ])
  for (let time = 0; time < 30; time++) await run(cache.exists("key"))
  assert.lengthOf(trace.lines, 26)
  assert.strictEqual(trace.lines[0], "(15 operations before these)")
})
