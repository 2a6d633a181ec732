/** A server that cannot save its data: it refuses writes, and every PING with them. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { askRedis, FaultProxy } from "@hexcache/redis-testkit"
import { Effect, Option } from "effect"
import { eventually, failsFor, untilSuccess } from "./support/bounds.ts"
import { readers } from "./support/readers.ts"
import { readyCache, server } from "./support/servers.ts"

/** A server behind a proxy, and how to have it fail to save, whoever runs it: where its file is to be, there is a folder. */
const savingServer = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "hexcache-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const redis = yield* server({ args: ["--dir", folder, "--save", "3600 1000000"] })
  const proxy = yield* Effect.acquireRelease(
    Effect.promise(() => FaultProxy.start(redis.port)),
    (proxy) => Effect.promise(() => proxy.stop())
  )
  const cannotSave = Effect.andThen(
    Effect.promise(() => {
      mkdirSync(join(folder, "dump.rdb"))
      return askRedis(redis.url, ["BGSAVE"])
    }),
    eventually(() =>
      askRedis(redis.url, ["PING"]).then(
        () => false,
        (error) => `${error}`.includes("MISCONF")
      )
    )
  )
  return { cannotSave, proxy, url: proxy.url }
})

describe("a server that cannot save", () => {
  it.live("answers reads, refuses writes, and is connected to", () =>
    Effect.gen(function* () {
      const { cannotSave, proxy, url } = yield* savingServer
      const cached = yield* readyCache({ url })
      yield* cached.set("key", "value")
      yield* cannotSave
      const { accepted } = proxy
      for (let round = 0; round < 20; round++) {
        assert.deepStrictEqual(yield* cached.get("key"), Option.some("value"))
        const { serverCode } = yield* Effect.flip(cached.set("key", "other"))
        assert.strictEqual(serverCode, "MISCONF")
      }
      assert.strictEqual(proxy.accepted, accepted)
      proxy.reset()
      assert.deepStrictEqual(yield* untilSuccess(cached.get("key")), Option.some("value"))
      yield* failsFor("Unavailable", cached.set("key", "other"))
    })
  )

  it.live("gives no caller another's reply, whatever comes unasked", () =>
    Effect.gen(function* () {
      const { cannotSave, proxy, url } = yield* savingServer
      const cached = yield* readyCache({ url })
      const { end, seen } = yield* readers(cached, 10)
      yield* cannotSave
      for (const reply of ["$5\r\nwrong\r\n", "-MISCONF wrong\r\n", "_\r\n"]) {
        const { reads } = seen
        const { accepted } = proxy
        proxy.inject(reply)
        yield* eventually(() => proxy.accepted > accepted && seen.reads > reads)
      }
      assert.deepStrictEqual((yield* end).wrong, [])
    })
  )
})
