import { once } from "node:events"
import { get, type IncomingMessage } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Breaker, FailOpen, Telemetry } from "@hexcache/cache-layers"
import { Effect, Layer, Schedule } from "effect"
import { HttpBody, HttpClient, HttpRouter, HttpServer } from "effect/http"
import { Cities } from "../../src/domain/Cities.ts"
import { pageRoutes } from "../../src/http/Server.ts"
import { CityWatch } from "../../src/show/watch/CityWatch.ts"
import { Favourites } from "../../src/show/watch/Favourites.ts"
import { Load } from "../../src/show/watch/Load.ts"
import { LoadTimes } from "../../src/show/watch/LoadTimes.ts"
import { Minute, type Second } from "../../src/show/watch/Minute.ts"
import { Snapshots } from "../../src/show/watch/Snapshot.ts"
import { StoreProbe } from "../../src/show/watch/StoreProbe.ts"
import * as Trail from "../../src/show/watch/Trail.ts"
import * as Breakable from "../support/Breakable.ts"
import * as MapCityStore from "../support/MapCityStore.ts"
import { kyoto, lyon, osaka, paris, tokyo } from "../support/MapCityStore.ts"

/** The page's API on a server of loopback, over a cache in memory. */
const server = HttpRouter.serve(pageRoutes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide(Snapshots.layer),
  Layer.provide([Load.layer, Minute.layer]),
  Layer.provide(CityWatch.layer),
  Layer.provide([Favourites.layer, Cities.layer]),
  Layer.provide(FailOpen.layer),
  Layer.provide(Telemetry.layer()),
  Layer.provide([Breaker.layer(), LoadTimes.layer]),
  Layer.provide(MapCityStore.layer),
  Layer.provide(Trail.layer),
  Layer.provide(StoreProbe.layer({ system: "memory", deadline: 0, isOwn: true })),
  Layer.provideMerge(Breakable.layer)
)

const ask = (
  method: "GET" | "POST",
  path: string,
  { headers = {}, json }: { readonly headers?: Record<string, string>; readonly json?: unknown } = {}
) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const body = json === undefined ? HttpBody.empty : HttpBody.text(JSON.stringify(json), "application/json")
    const response = yield* method === "GET" ? client.get(path, { headers }) : client.post(path, { body, headers })
    const text = yield* response.text
    // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of every shape
    const parsed: any = response.headers["content-type"]?.includes("json") ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, text, body: parsed }
  })

/** Allowance for a busy machine in the time of a request, in milliseconds. */
const patience = 2_000

/** The requests of these seconds, from one source or from all. */
const total = (seconds: ReadonlyArray<Second>, source?: keyof Second["sources"]): number =>
  seconds
    .map(({ sources }) => (source === undefined ? Object.values(sources) : [sources[source]]))
    .reduce((sum, counts) => sum + counts.reduce((sum, count) => sum + count, 0), 0)

/** The state, once it is so. */
const stateOnce = (isSo: (state: { readonly seconds: ReadonlyArray<Second> }) => boolean) =>
  Effect.map(ask("GET", "/state"), ({ body }) => body).pipe(
    Effect.repeat({ until: isSo, schedule: Schedule.spaced(50) })
  )

describe("the page's API", () => {
  it.live("answers the state of a demo that nobody has asked yet", () =>
    Effect.gen(function* () {
      const { body, status } = yield* ask("GET", "/state")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(
        body.cities.map(({ city }: { readonly city: unknown }) => city),
        [tokyo, osaka, paris, kyoto, lyon]
      )
      assert.isNull(body.cities[0].answer)
      assert.strictEqual(body.breaker, "closed")
      assert.isAtLeast(body.connection.millis, 0)
      assert.strictEqual(body.entries, 0)
      assert.isNull(body.load)
      assert.isNull(body.ownRedis)
    }).pipe(Effect.provide(server))
  )

  it.live("runs a load until it is stopped, and says who answered", () =>
    Effect.gen(function* () {
      const { status } = yield* ask("POST", "/actions/load", { json: { requestsPerSecond: 100, seconds: 60 } })
      assert.strictEqual(status, 204)
      yield* Effect.sleep("1500 millis")
      const { body: early } = yield* ask("GET", "/state")
      assert.strictEqual(early.load.requestsPerSecond, 100)
      assert.isBelow(early.load.left, 59_000)
      // Over before anybody asked for the state, which reads the cache too.
      const [first] = early.seconds
      // A read counts when it begins, and its request when it ends.
      assert.isAtLeast(first.hits, first.sources.memory)
      assert.isAtLeast(first.misses, first.sources.database)
      assert.isAtMost(first.longest, first.promised + patience)
      const body = yield* stateOnce(({ seconds }) => total(seconds, "memory") > 50)
      assert.isAtMost(total(body.seconds, "database"), 5)
      assert.isAbove(body.entries, 5)
      assert.strictEqual(body.operations[0].name, "getMany")
      assert.strictEqual((yield* ask("POST", "/actions/stop")).status, 204)
      assert.isNull((yield* ask("GET", "/state")).body.load)
    }).pipe(Effect.provide(server))
  )

  it.live("asks as often as it was told, no more in any second, and ends by itself", () =>
    Effect.gen(function* () {
      yield* ask("POST", "/actions/load", { json: { requestsPerSecond: 30, seconds: 2 } })
      const { load, seconds } = yield* stateOnce(({ seconds }) => total(seconds) === 60)
      assert.isNull(load)
      for (const second of seconds) {
        // A second of a busy machine is longer, by what its event loop stood still above all.
        assert.isAtMost(total([second]), 30 * (1.5 + second.stall / 1_000))
      }
    }).pipe(Effect.provide(server))
  )

  it.live("says that the cache does not answer", () =>
    Effect.gen(function* () {
      yield* (yield* Breakable.Breakable).break
      const { body } = yield* ask("GET", "/state")
      assert.deepStrictEqual(body.connection, { failed: "Unavailable", message: "broken by the test" })
      assert.isNull(body.entries)
    }).pipe(Effect.provide(server))
  )

  for (const [path, json] of [
    ["/actions/load", {}],
    ["/actions/load", { requestsPerSecond: 0, seconds: 1 }],
    ["/actions/load", { requestsPerSecond: 201, seconds: 1 }],
    ["/actions/load", { requestsPerSecond: 1, seconds: 301 }],
    ["/actions/load", { requestsPerSecond: 1.5, seconds: 1 }],
    ["/actions/load", { requestsPerSecond: "1", seconds: 1 }],
    ["/actions/update", { id: 1, population: -1 }],
    ["/actions/update", { id: 0, population: 1 }],
    ["/actions/invalidate", { id: "x" }],
    ["/actions/redis/destroy", undefined]
  ] as const) {
    it.live(`answers 400, and what is wrong, to ${path} ${JSON.stringify(json)}`, () =>
      Effect.gen(function* () {
        const { body, status } = yield* ask("POST", path, { json })
        assert.strictEqual(status, 400)
        assert.isNotEmpty(body.errors[0].message)
        assert.isNull((yield* ask("GET", "/state")).body.load)
      }).pipe(Effect.provide(server))
    )
  }

  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" }
  ]) {
    it.live(`answers 403 to ${JSON.stringify(headers)}`, () =>
      Effect.gen(function* () {
        const json = { requestsPerSecond: 1, seconds: 60 }
        assert.strictEqual((yield* ask("POST", "/actions/load", { headers, json })).status, 403)
        assert.strictEqual((yield* ask("GET", "/state", { headers })).status, 403)
        assert.isNull((yield* ask("GET", "/state")).body.load)
      }).pipe(Effect.provide(server))
    )
  }

  for (const host of ["evil.example", "127.0.0.1.evil.example"]) {
    it.live(`answers 403 under the name ${host}`, () =>
      Effect.gen(function* () {
        const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
        const asking = get(`${url}/state`, { headers: { host } })
        const [response] = yield* Effect.promise(() => once(asking, "response"))
        assert.strictEqual((response.resume() as IncomingMessage).statusCode, 403)
      }).pipe(Effect.provide(server))
    )
  }

  it.live("has no Redis to lose where the demo has not started one", () =>
    Effect.gen(function* () {
      const { body, status } = yield* ask("POST", "/actions/redis/kill")
      assert.strictEqual(status, 409)
      assert.include(body.detail, "pnpm demo serve --redis")
    }).pipe(Effect.provide(server))
  )

  it.live("serves the page with a policy that lets in nothing from elsewhere", () =>
    Effect.gen(function* () {
      const { headers, status, text } = yield* ask("GET", "/")
      assert.strictEqual(status, 200)
      assert.include(text, "<!doctype html>")
      assert.include(
        headers["content-security-policy"] ?? "",
        "default-src 'none'; script-src 'self'; style-src 'self'"
      )
      for (const [, file] of text.matchAll(/(?:src|href)="([^"#:]+\.\w+)"/g)) {
        assert.strictEqual((yield* ask("GET", `/${file}`)).status, 200)
      }
    }).pipe(Effect.provide(server))
  )
})
