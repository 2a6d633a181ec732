import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Breaker, FailOpen } from "@hexcache/cache-layers"
import { Effect, Layer } from "effect"
import { HttpBody, HttpClient, HttpRouter } from "effect/http"
import { Cities } from "../../src/domain/Cities.ts"
import { RateLimit } from "../../src/domain/RateLimit.ts"
import { Visits } from "../../src/domain/Visits.ts"
import { routes } from "../../src/http/Server.ts"
import * as Breakable from "../support/Breakable.ts"
import * as MapCityStore from "../support/MapCityStore.ts"
import { lyon, osaka, paris, tokyo } from "../support/MapCityStore.ts"

/** The API on a server of loopback, whose clients may send 20 requests in a minute. */
const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide([Cities.layer, Visits.layer, RateLimit.layer({ limit: 20, window: "1 minute" })]),
  Layer.provide(FailOpen.layer),
  // Asks a mended cache again at once.
  Layer.provide(Breaker.layer({ failures: 3, delay: 1, maxDelay: 1 })),
  Layer.provide(MapCityStore.layer),
  Layer.provideMerge(Breakable.layer)
)

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly retryAfter: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of every shape
  readonly body: any
}

const ask = (
  method: "GET" | "POST" | "PUT",
  path: string,
  json?: unknown
): Effect.Effect<Answer, unknown, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const body = json === undefined ? HttpBody.empty : HttpBody.text(JSON.stringify(json), "application/json")
    const response = yield* method === "GET"
      ? client.get(path)
      : method === "PUT"
        ? client.put(path, { body })
        : client.post(path, { body })
    return {
      status: response.status,
      type: response.headers["content-type"],
      retryAfter: response.headers["retry-after"],
      body: yield* response.json
    }
  })

describe("the HTTP API", () => {
  it.live("answers a city, and 404 with a problem for an unknown one", () =>
    Effect.gen(function* () {
      const city = yield* ask("GET", "/cities/1")
      assert.strictEqual(city.status, 200)
      assert.deepStrictEqual(city.body, tokyo)
      const unknown = yield* ask("GET", "/cities/99")
      assert.strictEqual(unknown.status, 404)
      assert.strictEqual(unknown.type, "application/problem+json")
      assert.strictEqual(unknown.body.detail, "No city has the id 99")
      assert.strictEqual((yield* ask("GET", "/nothing")).status, 404)
    }).pipe(Effect.provide(server))
  )

  it.live("answers many cities, and which of them there are not", () =>
    Effect.gen(function* () {
      const { body, status } = yield* ask("GET", "/cities?ids=4,99,2")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, { cities: [paris, osaka], missing: [99] })
    }).pipe(Effect.provide(server))
  )

  it.live("answers the largest cities of a country", () =>
    Effect.gen(function* () {
      const { body, status } = yield* ask("GET", "/countries/FR/largest?limit=1")
      assert.strictEqual(status, 200)
      assert.strictEqual(body.cities, 2)
      assert.strictEqual(body.largest[0].name, "Paris")
      assert.strictEqual((yield* ask("GET", "/countries/FR/largest")).body.largest.length, 2)
      assert.strictEqual((yield* ask("GET", "/countries/XX/largest")).status, 404)
    }).pipe(Effect.provide(server))
  )

  it.live("writes a population that the next reads see", () =>
    Effect.gen(function* () {
      yield* ask("GET", "/cities/5")
      yield* ask("GET", "/countries/FR/largest?limit=1")
      const written = yield* ask("PUT", "/cities/5/population", { population: 5_000 })
      assert.strictEqual(written.status, 200)
      assert.deepStrictEqual(written.body, { ...lyon, population: 5_000 })
      assert.strictEqual((yield* ask("GET", "/cities/5")).body.population, 5_000)
      assert.strictEqual((yield* ask("GET", "/countries/FR/largest?limit=1")).body.largest[0].name, "Lyon")
      assert.strictEqual((yield* ask("PUT", "/cities/99/population", { population: 1 })).status, 404)
    }).pipe(Effect.provide(server))
  )

  it.live("counts visits", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* ask("POST", "/cities/1/visits")).body, { visits: 1 })
      assert.deepStrictEqual((yield* ask("POST", "/cities/1/visits")).body, { visits: 2 })
      assert.strictEqual((yield* ask("POST", "/cities/99/visits")).status, 404)
    }).pipe(Effect.provide(server))
  )

  for (const path of [
    "/cities/x",
    "/cities/0",
    "/cities/1.5",
    "/cities/99999999999",
    "/cities",
    "/cities?ids=",
    "/cities?ids=1,,2",
    "/cities?ids=1,x",
    `/cities?ids=${Array.from({ length: 101 }, (_, index) => index + 1).join()}`,
    "/countries/fr/largest",
    "/countries/FRA/largest",
    "/countries/FR/largest?limit=0",
    "/countries/FR/largest?limit=101",
    "/countries/FR/largest?limit=many"
  ]) {
    it.live(`answers 400 to GET ${path.slice(0, 40)}`, () =>
      Effect.gen(function* () {
        const { body, status, type } = yield* ask("GET", path)
        assert.strictEqual(status, 400)
        assert.strictEqual(type, "application/problem+json")
        assert.isNotEmpty(body.errors)
      }).pipe(Effect.provide(server))
    )
  }

  for (const payload of [{}, { population: -1 }, { population: 0.5 }, { population: "5" }, [], null]) {
    it.live(`answers 400 to the population ${JSON.stringify(payload)}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* ask("PUT", "/cities/1/population", payload)).status, 400)
        assert.strictEqual((yield* ask("GET", "/cities/1")).body.population, tokyo.population)
      }).pipe(Effect.provide(server))
    )
  }

  it.live("answers 429 with Retry-After to a client that asks too much, but never for its health", () =>
    Effect.gen(function* () {
      const begun = performance.now()
      for (let asked = 0; asked < 20; asked++) assert.strictEqual((yield* ask("GET", "/cities/1")).status, 200)
      const { body, retryAfter, status, type } = yield* ask("GET", "/cities/1")
      assert.strictEqual(status, 429)
      assert.strictEqual(type, "application/problem+json")
      assert.isAtMost(Number(retryAfter), 60)
      assert.isAtLeast(Number(retryAfter), 59 - Math.ceil((performance.now() - begun) / 1_000))
      assert.strictEqual(String(body.retryAfter), retryAfter)
      assert.strictEqual((yield* ask("POST", "/cities/1/visits")).status, 429)
      assert.strictEqual((yield* ask("GET", "/health")).status, 200)
      assert.strictEqual((yield* ask("GET", "/stats")).status, 200)
    }).pipe(Effect.provide(server))
  )

  it.live("goes on without the cache, unlimited and uncounted, and says so in its health", () =>
    Effect.gen(function* () {
      const cache = yield* Breakable.Breakable
      const up = yield* ask("GET", "/health")
      assert.strictEqual(up.body.status, "up")
      assert.strictEqual(up.body.cache.state, "up")
      assert.strictEqual(up.body.cache.breaker, "closed")
      assert.isAbove(up.body.cache.ping.millis, 0)

      yield* cache.break
      const failing = yield* ask("GET", "/health")
      assert.strictEqual(failing.status, 200)
      assert.strictEqual(failing.body.status, "degraded")
      assert.deepStrictEqual(failing.body.cache, {
        state: "degraded",
        breaker: "closed",
        ping: { failed: "Unavailable" }
      })

      for (let asked = 0; asked < 25; asked++) assert.strictEqual((yield* ask("GET", "/cities/1")).status, 200)
      assert.deepStrictEqual((yield* ask("POST", "/cities/1/visits")).body, { visits: null })
      const down = yield* ask("GET", "/health")
      assert.strictEqual(down.status, 200)
      assert.strictEqual(down.body.status, "degraded")
      assert.deepStrictEqual(down.body.cache, { state: "down", breaker: "open", ping: { failed: "Unavailable" } })
      const stats = yield* ask("GET", "/stats")
      assert.isAtLeast(stats.body.cacheFailures, 50)
      assert.strictEqual(stats.body.database.queries, 26)
      assert.hasAllKeys(stats.body.namespaces, ["city", "country", "visits", "limit"])

      yield* cache.mend
      const again = yield* Effect.repeat(ask("GET", "/health"), {
        until: ({ body }) => body.status === "up",
        times: 1_000
      })
      assert.strictEqual(again.body.cache.state, "up")
    }).pipe(Effect.provide(server))
  )
})
