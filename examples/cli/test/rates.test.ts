import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { CacheSqlite } from "@hexcache/cache-sqlite"
import { Effect, Layer } from "effect"
import { afterAll } from "vitest"
import { convert, RateSource } from "../src/rates.ts"

describe("the rates of the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "example-cli-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Runs the command once, with a cache of its own on the file. Resolves with the result and the lookups that it took. */
  const run = (file: string) => {
    let lookups = 0
    const source = Layer.succeed(RateSource, {
      find: () =>
        Effect.sync(() => {
          lookups++
          return 1.5
        })
    })
    const cache = CacheSqlite.layer({
      path: join(folder, file),
      namespace: "example-cli",
      commandTimeout: "20 seconds"
    })
    return convert(10, "EUR", "USD").pipe(
      Effect.map((converted) => ({ converted, lookups })),
      Effect.provide([cache, source])
    )
  }

  it.live("are found by the next run in the file", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run("rates.db"), { converted: 15, lookups: 1 })
      assert.deepStrictEqual(yield* run("rates.db"), { converted: 15, lookups: 0 })
    })
  )

  it.live("are looked up where the file is broken, and kept in a new one", () =>
    Effect.gen(function* () {
      writeFileSync(join(folder, "broken.db"), "no database ".repeat(1_000))
      assert.deepStrictEqual(yield* run("broken.db"), { converted: 15, lookups: 1 })
      assert.deepStrictEqual(yield* run("broken.db"), { converted: 15, lookups: 0 })
    })
  )
})
