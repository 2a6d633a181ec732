/** Long work of a memory cache: others have their turn meanwhile, and no fake timers hold it up. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { assert, describe, it, vi } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Stream } from "effect"

const numbered = (length: number) => Array.from({ length }, (_, index) => [`key-${index}`, "value"] as const)

const withCache = <A, E>(use: (cache: CachePort["Service"]) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(CachePort, use), CacheMemory.layer())

/** Counts the turns of the event loop that pass while work runs. */
const turnsOf = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<number, E> =>
  Effect.suspend(() => {
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    return Effect.map(work, () => {
      isOver = true
      return turns
    })
  })

describe("CacheMemory lets others have their turn", () => {
  it.live("scan and deletePattern of 100,000 keys take a turn for each 1,000 and more", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        yield* cache.setMany(numbered(100_000))
        assert.isAtLeast(yield* turnsOf(Stream.runDrain(cache.scan("*"))), 100)
        assert.isAtLeast(yield* turnsOf(Stream.runDrain(cache.scan("nothing*"))), 1)
        let found = 0
        yield* turnsOf(Stream.runForEach(cache.scan("*"), () => Effect.sync(() => found++)))
        assert.strictEqual(found, 100_000)
        assert.strictEqual(yield* cache.deletePattern("*"), 100_000)
      })
    )
  )

  it.live("one match of a costly pattern and a long key takes several turns", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        const key = "a".repeat(65_536)
        yield* cache.set(key, "value")
        const costly = `*${"a".repeat(1_000)}b`
        assert.isAtLeast(yield* turnsOf(Stream.runDrain(cache.scan(costly))), 5)
        assert.isAtLeast(yield* turnsOf(cache.deletePattern(costly)), 5)
        assert.isTrue(yield* cache.exists(key))
      })
    )
  )

  it.live("a scan names no key twice, and none that is set while it runs", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        yield* cache.setMany(numbered(5_000))
        const found: Array<string> = []
        yield* Stream.runForEach(cache.scan("*"), (key) =>
          Effect.gen(function* () {
            found.push(key)
            yield* cache.delete(key)
            yield* cache.set(key, "again")
            yield* cache.set(`new-${key}`, "value")
          })
        )
        assert.strictEqual(new Set(found).size, found.length)
        assert.strictEqual(found.length, 5_000)
        assert.isTrue(found.every((key) => key.startsWith("key-")))
      })
    )
  )

  it.live("a scan that meets a flush ends, and names nothing that was set after it", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        yield* cache.setMany(numbered(5_000))
        const found: Array<string> = []
        yield* Stream.runForEach(cache.scan("*"), (key) =>
          Effect.suspend(() => {
            if (found.push(key) > 1) return Effect.void
            return Effect.andThen(cache.flush, cache.setMany(numbered(5_000)))
          })
        )
        assert.isAtMost(found.length, 1_000)
      })
    )
  )

  it.live("an operation that is interrupted works on in no later turn", () =>
    withCache((cache) =>
      Effect.gen(function* () {
        yield* cache.setMany(numbered(200_000))
        const removal = yield* Effect.forkChild(cache.deletePattern("*"), { startImmediately: true })
        removal.interruptUnsafe()
        const left = yield* Stream.runCount(cache.scan("*"))
        assert.isAbove(left, 0)
        for (let turn = 0; turn < 3; turn++) yield* Effect.sleep(1)
        assert.strictEqual(yield* Stream.runCount(cache.scan("*")), left)
      })
    )
  )
})

const withFakeTimers = (run: () => Promise<void>) => async () => {
  vi.useFakeTimers({
    toFake: [
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "setImmediate",
      "clearImmediate",
      "Date",
      "performance",
      "hrtime",
      "queueMicrotask"
    ]
  })
  try {
    await run()
  } finally {
    vi.useRealTimers()
  }
}

describe("CacheMemory under fake timers", () => {
  it(
    "of vitest: scan, deletePattern and large batches end",
    withFakeTimers(() =>
      Effect.runPromise(
        withCache((cache) =>
          Effect.gen(function* () {
            const entries = numbered(20_000)
            const keys = entries.map(([key]) => key)
            yield* cache.setMany(entries)
            assert.strictEqual((yield* cache.getMany(keys)).size, 20_000)
            assert.strictEqual((yield* Stream.runCollect(cache.scan("*"))).length, 20_000)
            assert.strictEqual(yield* cache.deletePattern("*9"), 2_000)
            assert.strictEqual(yield* cache.deleteMany(keys), 18_000)
          })
        )
      )
    )
  )

  it("that do nothing: scan, deletePattern and large batches end", async () => {
    const program = new URL("./programs/nothingLater.ts", import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [program])
    assert.strictEqual(stdout, "20000 20000 2000 18000\n")
  })

  it(
    "of vitest, in place before the module is loaded: a turn ends all the same",
    withFakeTimers(async () => {
      vi.resetModules()
      const { nextTurn } = await import("../src/Turns.ts")
      await Effect.runPromise(Effect.andThen(nextTurn, nextTurn))
    })
  )
})
