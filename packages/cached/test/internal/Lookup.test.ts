import { assert, describe, it } from "@effect/vitest"
import { Cached } from "@hexcache/cached"
import { Effect, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { setup } from "../support/Database.ts"

const Page = Schema.Struct({ etag: Schema.String, words: Schema.mutable(Schema.Array(Schema.String)) })
interface Page extends Schema.Schema.Type<typeof Page> {}

/** A source of pages that sends none twice, and notes the ETags of its requests. */
const setupPages = (lease: "0 millis" | "1 second" = "0 millis") => {
  const source = { etag: "1", asked: [] as string[], downloads: 0 }
  const fetchPage = (previous: Option.Option<Page>) =>
    Effect.sync((): Page => {
      source.asked.push(Option.match(previous, { onNone: () => "none", onSome: ({ etag }) => etag }))
      if (Option.isSome(previous) && previous.value.etag === source.etag) return previous.value
      source.downloads++
      return { etag: source.etag, words: ["a"] }
    })
  const pages = Cached.make({
    namespace: "page",
    schema: Page,
    lookup: (_: string, { previous }) => fetchPage(previous),
    lookupMany: (urls, { previous }) =>
      Effect.forEach(urls, (url) =>
        Effect.map(fetchPage(Option.fromUndefinedOr(previous.get(url))), (page) => [url, page] as const)
      ),
    ttl: "1 minute",
    staleFor: "1 hour",
    lease,
    tags: () => ["pages"]
  })
  return { ...setup(), source, pages }
}

describe("Cached: the previous value", () => {
  for (const lease of ["0 millis", "1 second"] as const)
    it.effect(
      `the lookup of a stale key gets the previous value, and gives it a new life, with a lease of ${lease}`,
      () => {
        const { pages, run, source } = setupPages(lease)
        return Effect.gen(function* () {
          yield* pages.get("x")
          for (let minute = 1; minute <= 3; minute++) {
            yield* TestClock.adjust("1 minute")
            yield* pages.get("x")
          }
          assert.deepStrictEqual(source.asked, ["none", "1", "1", "1"])
          assert.strictEqual(source.downloads, 1)
          yield* TestClock.adjust("59 seconds")
          yield* pages.get("x")
          assert.strictEqual(source.asked.length, 4, "it is fresh")

          source.etag = "2"
          yield* TestClock.adjust("1 second")
          yield* pages.get("x")
          assert.strictEqual((yield* pages.get("x")).etag, "2")
          assert.strictEqual(source.downloads, 2)
        }).pipe(run)
      }
    )

  it.effect("a refresh gets the previous value, though it is fresh", () => {
    const { pages, run, source } = setupPages()
    return Effect.gen(function* () {
      yield* pages.refresh("x")
      yield* pages.refresh("x")
      assert.deepStrictEqual(source.asked, ["none", "1"])
    }).pipe(run)
  })

  it.effect("the lookup of many gets the previous value of each key", () => {
    const { pages, run, source } = setupPages()
    return Effect.gen(function* () {
      yield* pages.getMany(["x", "y"])
      yield* TestClock.adjust("1 minute")
      yield* pages.invalidate("y")
      assert.deepStrictEqual(Array.from((yield* pages.getMany(["x", "y", "z"])).keys()), ["x", "y", "z"])
      assert.deepStrictEqual(source.asked, ["none", "none", "1", "none", "none"])
    }).pipe(run)
  })

  it.effect("no lookup gets the previous value after an invalidation, or after its time", () => {
    const { pages, run, source } = setupPages()
    return Effect.gen(function* () {
      yield* pages.get("x")
      for (const forget of [
        pages.invalidate("x"),
        pages.invalidateAll,
        pages.invalidateTag("pages"),
        TestClock.adjust("2 hours")
      ]) {
        yield* forget
        yield* pages.get("x")
      }
      assert.deepStrictEqual(source.asked, ["none", "none", "none", "none", "none"])
    }).pipe(run)
  })

  it.effect("the previous value belongs to the lookup, and no reader sees its changes", () => {
    const { run } = setup()
    const pages = Cached.make({
      namespace: "page",
      schema: Page,
      lookup: (_: string, { previous }) =>
        Effect.suspend(() => {
          const page = Option.getOrElse(previous, (): Page => ({ etag: "1", words: [] }))
          page.words.push("b")
          return Effect.delay(Effect.succeed(page), Option.isSome(previous) ? 1 : 0)
        }),
      ttl: "1 minute",
      staleFor: "1 hour"
    })
    return Effect.gen(function* () {
      yield* pages.get("x")
      yield* TestClock.adjust("1 minute")
      const stale = yield* pages.get("x")
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(stale.words, ["b"])
      assert.deepStrictEqual((yield* pages.get("x")).words, ["b", "b"])
    }).pipe(run)
  })
})
