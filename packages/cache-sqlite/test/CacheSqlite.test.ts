import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Option, Result, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { assert, test } from "vitest"
import { Connection } from "../src/Connection.ts"
import { CacheSqlite } from "../src/index.ts"
import { driverOf } from "../src/SqliteDriver.ts"
import { failureOf } from "../src/SqliteFailure.ts"
import { open, ownPath } from "./support.ts"

const check = (name: string, run: Effect.Effect<void, unknown, Scope.Scope>) =>
  test(name, ({ signal }) => Effect.runPromise(Effect.scoped(run), { signal }))

/** Rows of a file, the expired ones among them. */
const rowsOf = (path: string): number => {
  const database = new DatabaseSync(path)
  const row = database.prepare("SELECT count(*) AS rows FROM hexcache1_entry").get() as { readonly rows: number }
  database.close()
  return row.rows
}

/** The time at which a key was used last, as the file has it. */
const usedOf = (path: string, key: string): number => {
  const database = new DatabaseSync(path)
  const row = database.prepare("SELECT used FROM hexcache1_entry WHERE key = ?").get(Buffer.from(key))
  database.close()
  return (row as { readonly used: number }).used
}

const ended = <A, E>(run: Effect.Effect<A, E>) => Effect.map(Effect.result(run), Result.merge)

check(
  "A cache that is opened again has its values and their times to live",
  Effect.gen(function* () {
    const path = yield* ownPath
    yield* Effect.scoped(Effect.flatMap(open(path), (cache) => cache.set("a\0é", "1\0😀", { ttl: "1 hour" })))
    const cache = yield* open(path)
    assert.deepEqual(yield* cache.get("a\0é"), Option.some("1\0😀"))
    assert.strictEqual((yield* cache.ttl("a\0é"))._tag, "Expires")
  })
)

check(
  "Processes that count in one file at the same time lose no step",
  Effect.gen(function* () {
    const path = yield* ownPath
    const program = join(import.meta.dirname, "programs/count.ts")
    const count = () =>
      promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", program, path, "500"])
    yield* Effect.promise(() => Promise.all([count(), count()]))
    const cache = yield* open(path)
    assert.deepEqual(yield* cache.get("count"), Option.some("1000"))
  })
)

check(
  "A file that is no database is set aside, and the cache begins empty",
  Effect.gen(function* () {
    const path = yield* ownPath
    mkdirSync(dirname(path))
    const text = "this is no database ".repeat(1_000)
    writeFileSync(path, text)
    const cache = yield* open(path)
    yield* cache.set("a", "1")
    assert.deepEqual(yield* cache.get("a"), Option.some("1"))
    assert.strictEqual(readFileSync(`${path}.corrupt`, "utf8"), text)
  })
)

check(
  "A file that breaks while it is open is set aside, and nobody's operation dies of it",
  Effect.gen(function* () {
    const path = yield* ownPath
    const keys = Array.from({ length: 2_000 }, (_, index) => `key-${index}`)
    yield* Effect.scoped(
      Effect.flatMap(open(path), (cache) => cache.setMany(keys.map((key) => [key, "x".repeat(100)])))
    )
    const cache = yield* open(path)
    const other = yield* open(path)
    assert.isTrue(yield* cache.exists("key-0"))
    assert.isTrue(yield* other.exists("key-0"))
    // All but the header and the schema.
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xa5, 4_096))
    const reasons = new Set<string>()
    for (const each of [cache, other]) {
      for (const key of keys.slice(0, 500)) {
        const result = yield* ended(each.set(key, "2"))
        if (result !== undefined) reasons.add(result.reason._tag)
      }
    }
    assert.deepEqual(
      [...reasons].filter((reason) => reason !== "Unavailable"),
      []
    )
    assert.isTrue(existsSync(`${path}.corrupt`))
    yield* cache.set("after", "1")
    assert.deepEqual(yield* other.get("after"), Option.some("1"))
  })
)

check(
  "A write that finds the file locked fails by its deadline and has done nothing, and reads go on",
  Effect.gen(function* () {
    const path = yield* ownPath
    const cache = yield* open(path, { commandTimeout: "50 millis" })
    yield* Effect.retry(cache.set("a", "1"), { times: 100 })
    const locker = new DatabaseSync(path)
    locker.exec("BEGIN IMMEDIATE")
    let turns = 0
    const ticker = setInterval(() => turns++, 1)
    const error = yield* Effect.flip(cache.set("a", "2"))
    clearInterval(ticker)
    assert.strictEqual(error.reason._tag, "TimedOut")
    assert.strictEqual(error.outcome, "NotExecuted")
    assert.isAbove(turns, 2, "turns of the event loop while the write waited")
    assert.deepEqual(yield* cache.get("a"), Option.some("1"))
    locker.exec("ROLLBACK")
    locker.close()
    yield* Effect.retry(cache.set("a", "3"), { times: 100 })
    assert.deepEqual(yield* cache.get("a"), Option.some("3"))
  })
)

check(
  "A full disk fails writes with OutOfMemory, and what is there can be read and removed",
  Effect.gen(function* () {
    const path = yield* ownPath
    const connection = new Connection(path, Infinity, () => {}, "PRAGMA max_page_count = 60")
    const cache = CachePort.fromDriver(yield* driverOf(connection, 20_000))
    yield* cache.set("a", "1")
    const error = yield* Effect.flip(cache.set("large", "x".repeat(1_000_000)))
    assert.strictEqual(error.reason._tag, "OutOfMemory")
    assert.strictEqual(error.outcome, "NotExecuted")
    assert.strictEqual(error.serverCode, "SQLITE_FULL")
    assert.deepEqual(yield* cache.get("a"), Option.some("1"))
    assert.isFalse(yield* cache.exists("large"))
    assert.isTrue(yield* cache.delete("a"))
    yield* cache.set("b", "2")
  })
)

check(
  "A cache follows its file, where another process has set it aside as broken",
  Effect.gen(function* () {
    const path = yield* ownPath
    const [one, other] = [
      new Connection(path, Infinity, () => undefined),
      new Connection(path, Infinity, () => undefined)
    ]
    yield* Effect.addFinalizer(() => Effect.sync(() => [one, other].map((connection) => connection.close())))
    const now = Date.now()
    one.attempt((store) => store.set("key", "old", Infinity, now))
    renameSync(path, `${path}.corrupt`)
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true })
    other.attempt((store) => store.set("key", "new", Infinity, now))
    one.followFile()
    assert.strictEqual(
      one.attempt((store) => store.get("key", now)),
      "new"
    )
    other.attempt((store) => store.delete("key", now))
    assert.isUndefined(one.attempt((store) => store.get("key", now)))
    one.followFile()
    assert.isTrue(one.attemptIfOpen(() => true))
  })
)

test("A disk that fails leaves the outcome open, and a refusal does not", () => {
  const outcomeOf = (errcode: number) => failureOf(Object.assign(new Error(), { errcode })).outcome
  const syncFailed = 1034
  const full = 13
  assert.strictEqual(outcomeOf(syncFailed), "Unknown")
  assert.strictEqual(outcomeOf(full), "NotExecuted")
})

check(
  "A file that cannot be opened fails operations with Unavailable, and not the layer",
  Effect.gen(function* () {
    const path = yield* ownPath
    mkdirSync(path, { recursive: true })
    const cache = yield* open(path)
    for (const run of [cache.get("a"), cache.set("a", "1"), Stream.runDrain(cache.scan("*"))]) {
      assert.strictEqual((yield* Effect.flip(Effect.asVoid(run))).reason._tag, "Unavailable")
    }
  })
)

check(
  "Expired rows leave the file as others are written",
  Effect.gen(function* () {
    const path = yield* ownPath
    const cache = yield* open(path)
    yield* cache.setMany(
      Array.from({ length: 64 }, (_, index) => [`${index}`, "1"]),
      { ttl: "1 second" }
    )
    yield* TestClock.adjust("2 seconds")
    assert.strictEqual(rowsOf(path), 64)
    for (let i = 0; i < 4; i++) yield* cache.set("kept", "1")
    assert.strictEqual(rowsOf(path), 1)
  }).pipe(Effect.provide(TestClock.layer()))
)

check(
  "Expired rows leave the file also while nobody writes",
  Effect.gen(function* () {
    const path = yield* ownPath
    const cache = yield* open(path)
    yield* cache.setMany([["a", "1"]], { ttl: "1 milli" })
    while (rowsOf(path) > 0) yield* Effect.sleep(50)
  })
)

check(
  "A full cache evicts the least recently used, reads among the uses, and never what was just written",
  Effect.gen(function* () {
    const path = yield* ownPath
    const cache = yield* open(path, { maxBytes: 1_000 })
    for (const key of ["a", "b", "c"]) {
      yield* cache.set(key, "x".repeat(300))
      yield* TestClock.adjust("2 minutes")
    }
    const before = usedOf(path, "a")
    yield* cache.get("a")
    // The next sweep notes the read.
    while (usedOf(path, "a") === before) yield* Effect.promise(() => sleep(20))
    yield* cache.set("d", "x".repeat(300))
    assert.deepEqual(
      [...(yield* cache.getMany(["a", "b", "c", "d"]))].filter(([, value]) => Option.isNone(value)),
      [["b", Option.none()]]
    )
    yield* cache.set("e", "x".repeat(999))
    assert.deepEqual(yield* Stream.runCollect(cache.scan("*")), ["e"])
    assert.strictEqual((yield* Effect.flip(cache.set("f", "x".repeat(1_000)))).reason._tag, "OutOfMemory")
  }).pipe(Effect.provide(TestClock.layer()))
)

check(
  "Patterns with a literal beginning find their keys and no others, in the order of their bytes",
  Effect.gen(function* () {
    const cache = yield* open(yield* ownPath)
    yield* cache.setMany(["a", "a*1", "a*2", "b", "é"].map((key) => [key, "1"]))
    assert.deepEqual(yield* Stream.runCollect(cache.scan("a\\*?")), ["a*1", "a*2"])
    assert.strictEqual(yield* cache.deletePattern("a*"), 3)
    assert.deepEqual(yield* Stream.runCollect(cache.scan("*")), ["b", "é"])
  })
)

check(
  "A layer refuses options out of range and names that it does not know",
  Effect.gen(function* () {
    for (const options of [
      { path: "" },
      { path: "a\0" },
      { path: ":memory:", maxBytes: 0 },
      { path: ":memory:", commandTimeout: 0 },
      { path: ":memory:", maxbytes: 1 }
    ]) {
      const error = yield* Effect.flip(Effect.scoped(Effect.provide(CachePort, CacheSqlite.layer(options))))
      assert.strictEqual(error.reason._tag, "InvalidArgument")
    }
  })
)
