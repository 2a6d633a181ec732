/** How a host's name is looked up: by whom, for which family of addresses, and how often. */
import { execFileSync, spawn } from "node:child_process"
import type { LookupOptions } from "node:dns"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import type { LookupFunction } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { Config, Effect, Option } from "effect"
import { endsWithin, eventually, untilSuccess } from "../support/bounds.ts"
import { everyKind } from "../support/layers.ts"
import { server } from "../support/servers.ts"

/** Look-ups that end when they are let, each at 127.0.0.1. */
const makeLookups = () => {
  const asked: Array<{ readonly hostname: string; readonly family: LookupOptions["family"] }> = []
  let answers: Array<() => void> = []
  let isHeld = false
  const lookup: LookupFunction = (hostname, { family }, callback) => {
    asked.push({ hostname, family })
    const answer = () => callback(null, [{ address: "127.0.0.1", family: 4 }])
    if (isHeld) answers.push(answer)
    else setImmediate(answer)
  }
  return {
    asked,
    lookup,
    hold: () => {
      isHeld = true
    },
    release: () => {
      isHeld = false
      for (const answer of answers) answer()
      answers = []
    }
  }
}

/** A password that counts the attempts to connect. */
const countedAttempts = () => {
  const attempts = { count: 0 }
  const credentials = Effect.sync(() => {
    attempts.count++
    return { password: "none" }
  })
  return { attempts, credentials }
}

describe.concurrent("the look-up of a host's name", () => {
  it.live("is the given function's, for the given family, on every kind of layer", () =>
    Effect.gen(function* () {
      for (const { layer, name } of yield* everyKind()) {
        for (const family of [4, undefined] as const) {
          const { asked, lookup } = makeLookups()
          yield* Effect.provide(
            Effect.flatMap(CachePort, ({ ping }) => ping),
            layer({ lookup, ...(family === undefined ? undefined : { family }) }, "cache.example")
          )
          assert.isNotEmpty(asked, name)
          for (const { family: wanted, hostname } of asked) {
            assert.strictEqual(hostname, "cache.example", name)
            assert.strictEqual(wanted || undefined, family, name)
          }
        }
      }
    })
  )

  it.live("comes from Config", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const { asked, lookup } = makeLookups()
      const layer = CacheRedis.layerConfig({
        url: Config.succeed(`valkey://cache.example:${port}`),
        namespace: Config.succeed("test"),
        commandTimeout: Config.succeed("20 seconds" as const),
        family: Config.succeed(4 as const),
        lookup: Config.succeed(lookup)
      })
      yield* Effect.provide(
        Effect.flatMap(CachePort, ({ ping }) => ping),
        layer
      )
      assert.deepStrictEqual(asked, [{ hostname: "cache.example", family: 4 }])
    })
  )

  it.live("finds a server that listens on one family only", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const layer = (family: 4 | 6) =>
        CacheRedis.layer({
          host: "localhost",
          port,
          namespace: "test",
          family,
          commandTimeout: "20 seconds",
          connectTimeout: "20 seconds"
        })
      const ping = Effect.flatMap(CachePort, (cache) => cache.ping)
      assert.isTrue(yield* Effect.provide(ping, layer(4)))
      const error = yield* Effect.flip(Effect.provide(ping, layer(6)))
      assert.strictEqual(error.reason._tag, "Unavailable")
    })
  )

  it.live("is begun once for all attempts to connect that it outlives, and serves the next one", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const { attempts, credentials } = countedAttempts()
      const { asked, hold, lookup, release } = makeLookups()
      hold()
      const layer = CacheRedis.layer({
        host: "cache.example",
        port,
        namespace: "test",
        credentials,
        lookup,
        connectTimeout: 50,
        backoff: { max: 25 }
      })
      yield* Effect.provide(
        Effect.gen(function* () {
          yield* eventually(() => attempts.count >= 5)
          assert.strictEqual(asked.length, 1)
          release()
          yield* untilSuccess((yield* CachePort).ping)
        }),
        layer
      )
    })
  )

  it.live("is shared by the layers of a process, and left by each at its end", () =>
    Effect.gen(function* () {
      const { port } = yield* server()
      const { attempts, credentials } = countedAttempts()
      const { asked, hold, lookup, release } = makeLookups()
      hold()
      const layer = () =>
        CacheRedis.layer({
          host: "cache.example",
          port,
          namespace: "test",
          credentials,
          lookup,
          commandTimeout: "20 seconds",
          connectTimeout: "20 seconds"
        })
      const lookedUp = eventually(() => asked.length === 1)
      yield* endsWithin(10_000, Effect.provide(lookedUp, layer()))
      const value = yield* Effect.provide(
        Effect.gen(function* () {
          const cache = yield* CachePort
          yield* eventually(() => attempts.count === 2)
          release()
          return yield* cache.get("key")
        }),
        layer()
      )
      assert.deepStrictEqual(value, Option.none())
      assert.strictEqual(asked.length, 1)
    })
  )

  it.live("fails the attempt where the given function fails, throws, or finds no address", () =>
    Effect.gen(function* () {
      const failing: ReadonlyArray<LookupFunction> = [
        (_hostname, _options, callback) => callback(Object.assign(new Error("no name"), { code: "ENOTFOUND" }), []),
        (_hostname, _options, callback) => callback(null, []),
        (_hostname, _options, callback) => callback(null, [{ address: "nowhere", family: 4 }]),
        (_hostname, _options, callback) => callback(null, undefined as unknown as string),
        () => {
          throw new Error("no look-up")
        }
      ]
      for (const lookup of failing) {
        const { attempts, credentials } = countedAttempts()
        yield* Effect.provide(
          Effect.gen(function* () {
            const { get } = yield* CachePort
            const error = yield* Effect.flip(get("key"))
            assert.strictEqual(error.reason._tag, "Unavailable")
            yield* eventually(() => attempts.count >= 3)
          }),
          CacheRedis.layer({
            host: "cache.example",
            namespace: "test",
            commandTimeout: "20 seconds",
            credentials,
            lookup,
            backoff: { max: 25 }
          })
        )
      }
    })
  )

  it.live("takes one thread of the process however long it takes, and holds up its exit alone", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "hexcache-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
      )
      const pipe = join(folder, "lookup")
      execFileSync("mkfifo", [pipe])
      const program = new URL("../programs/slowLookup.ts", import.meta.url).pathname
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => spawn(process.execPath, [program, pipe, "10"], { stdio: ["ignore", "pipe", "inherit"] })),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      const exited = once(child, "exit")
      const printed = yield* Effect.promise(() => once(child.stdout, "data").then(([line]) => String(line)))
      const { lookups, waited } = JSON.parse(printed)
      assert.strictEqual(lookups, 1)
      assert.isBelow(waited, 2_000)
      writeFileSync(pipe, "")
      const [code] = yield* endsWithin(
        20_000,
        Effect.promise(() => exited)
      )
      assert.strictEqual(code, 0)
    })
  )
})
