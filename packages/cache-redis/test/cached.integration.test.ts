/** `Cached` on a real Redis: many processes, and faults. */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import { FailOpen } from "@hexcache/cache-layers"
import { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Effect, Layer, Logger, Schema } from "effect"
import { inject } from "vitest"
import { faults } from "./storm/faults.ts"
import { randomFrom } from "./storm/random.ts"
import { patience } from "./support/bounds.ts"
import { faultyServer } from "./support/faultyServer.ts"
import { lateness } from "./support/lateness.ts"
import { readyCache } from "./support/servers.ts"

/** A process that reads one key on demand. */
interface Reader {
  /** Resolves with the process's next line. */
  readonly line: () => Promise<string>
  /** Tells it to begin. */
  readonly begin: () => void
  /** Kills it without a word. */
  readonly kill: () => void
}

const reader = (namespace: string, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<Reader> => {
      const program = new URL("./programs/cachedReader.ts", import.meta.url).pathname
      const child = spawn(process.execPath, [
        "--disable-warning=ExperimentalWarning",
        program,
        inject("redisUrl"),
        namespace,
        ...args
      ])
      child.stderr.pipe(process.stderr)
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const line = async () => String((await lines.next()).value)
      assert.strictEqual(await line(), "ready")
      return { line, begin: () => child.stdin.write("\n"), kill: () => child.kill("SIGKILL") }
    }),
    ({ kill }) => Effect.sync(kill)
  )

/** The output of a reader at its end. */
interface Report {
  readonly lookups: number
  readonly values: ReadonlyArray<string>
  readonly millis: number
}

const reports = (readers: ReadonlyArray<Reader>): Effect.Effect<ReadonlyArray<Report>> =>
  Effect.promise(() => Promise.all(readers.map(async ({ line }) => JSON.parse(await line()))))

describe.concurrent("Cached in four processes", () => {
  it.live("1,000 readers of a cold key in each cost one lookup with a lease", () =>
    Effect.gen(function* () {
      const namespace = `readers-${Math.random()}`
      const args = ["--readers", "1000", "--lease", "10000", "--takes", "300"]
      const readers = yield* Effect.all(
        Array.from({ length: 4 }, () => reader(namespace, args)),
        { concurrency: 4 }
      )
      for (const { begin } of readers) begin()
      const seen = yield* reports(readers)
      assert.deepStrictEqual(
        seen.reduce((sum, { lookups }) => sum + lookups, 0),
        1
      )
      assert.strictEqual(new Set(seen.flatMap(({ values }) => values)).size, 1)
    })
  )

  it.live("the others end within the lease's time when its owner is killed in the middle", () =>
    Effect.gen(function* () {
      const namespace = `killed-${Math.random()}`
      const [lease, takes] = [1_500, 100]
      const owner = yield* reader(namespace, ["--readers", "10", "--lease", `${lease}`, "--takes", "60000"])
      owner.begin()
      assert.strictEqual(yield* Effect.promise(() => owner.line()), "looking up")
      const args = ["--readers", "1000", "--lease", `${lease}`, "--takes", `${takes}`]
      const others = yield* Effect.all(
        Array.from({ length: 3 }, () => reader(namespace, args)),
        { concurrency: 3 }
      )
      for (const { begin } of others) begin()
      yield* Effect.sleep(100)
      owner.kill()
      for (const { millis, values } of yield* reports(others)) {
        assert.deepStrictEqual(values.length, 1)
        assert.isAtMost(millis, lease + takes + 300 + patience)
      }
    })
  )
})

const deadline = 100
const takes = 20

/** A lookup and the deadline, with an allowance for a busy machine. */
const longest = takes + deadline + patience

describe.concurrent("Cached under a storm of faults", () => {
  for (const [what, layer] of [
    ["a cache that fails", Layer.empty],
    ["a cache that fails open", FailOpen.layer]
  ] as const) {
    it.live(
      `on ${what} no read fails, none waits longer than lookup and deadline, none sees what was invalidated before it, and values are kept once it is over`,
      () =>
        Effect.gen(function* () {
          const { proxy, redis, url } = yield* faultyServer
          const cache = yield* readyCache({ url, commandTimeout: deadline, namespace: "storm" })
          const seen = yield* storm({ proxy, server: redis, random: randomFrom(7), onLoss: async () => {} }).pipe(
            Effect.provide(layer),
            Effect.provideService(CachePort, cache)
          )
          assert.deepStrictEqual(seen.wrong, [])
          assert.isAbove(seen.reads, 1_000)
          assert.isAtMost(seen.slowest, longest)
        }).pipe(Effect.provide(Logger.layer([])))
    )
  }
})

const keys = 5

/** Reads and changes, while one fault follows the other. */
const storm = (place: Parameters<(typeof faults)[string]>[0]) =>
  Effect.gen(function* () {
    /** The versions of each key: the truth, and the last whose invalidation is over. */
    const current = new Array<number>(keys).fill(0)
    const settled = new Array<number>(keys).fill(0)
    const wrong: Array<string> = []
    const seen = { reads: 0, slowest: 0 }
    const late = yield* lateness
    let isOver = false

    const versions = yield* Cached.make({
      namespace: "version",
      schema: Schema.Struct({ key: Schema.Int, version: Schema.Int }),
      lookup: (key: number) =>
        Effect.delay(
          Effect.sync(() => ({ key, version: current[key] ?? 0 })),
          takes
        ),
      ttl: "1 minute"
    })

    const read = (key: number, isMany: boolean) =>
      Effect.gen(function* () {
        const least = settled[key] ?? 0
        const start = performance.now() - late()
        const found = yield* isMany ? Effect.map(versions.getMany([key]), (found) => found.get(key)) : versions.get(key)
        seen.slowest = Math.max(seen.slowest, performance.now() - late() - start)
        seen.reads++
        if (found === undefined || found.version < least) wrong.push(`${key}: ${found?.version} after ${least}`)
      })

    const reading = (index: number) =>
      Effect.gen(function* () {
        while (!isOver) {
          yield* read(index % keys, index % 3 === 0)
          yield* Effect.sleep(5 + (index % 7))
        }
      })

    const writing = (key: number) =>
      Effect.gen(function* () {
        while (!isOver) {
          const version = (current[key] ?? 0) + 1
          current[key] = version
          yield* versions.invalidate(key)
          settled[key] = version
          yield* Effect.sleep(30 + 20 * key)
        }
      })

    const faulting = Effect.promise(async () => {
      for (const name of place.random.shuffled(Object.keys(faults))) {
        await faults[name]?.(place, 250)
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
      isOver = true
    })

    yield* Effect.all(
      [
        faulting,
        ...Array.from({ length: 30 }, (_, index) => reading(index)),
        ...Array.from({ length: keys }, (_, key) => writing(key))
      ],
      { concurrency: "unbounded", discard: true }
    )
    yield* Effect.promise(() => place.proxy.heal())
    // Each read keeps its value for the next one, once Redis is well.
    const { hits } = yield* versions.stats
    while ((yield* versions.stats).hits === hits) yield* read(0, false)
    return { ...seen, wrong }
  })
