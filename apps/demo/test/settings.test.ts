import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { redisUrl, serveOptions } from "../src/settings.ts"

describe("the arguments of serve", () => {
  it.effect("are a port and a Redis of its own", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* serveOptions(["serve"]), { port: undefined, withRedis: false })
      assert.deepStrictEqual(yield* serveOptions(["serve", "--port", "0", "--redis"]), { port: 0, withRedis: true })
    })
  )

  for (const args of [
    ["serve", "--port", "many"],
    ["serve", "--port", "70000"],
    ["serve", "--port"],
    ["serve", "--resid"],
    ["--redis"],
    ["serve", "serve"]
  ]) {
    it.effect(`are refused with the usage and status 2 where they are ${args.join(" ")}`, () =>
      Effect.gen(function* () {
        const { exitCode, message } = yield* Effect.flip(serveOptions(args))
        assert.strictEqual(exitCode, 2)
        assert.match(message, /^Usage: pnpm demo/)
      })
    )
  }
})

describe("REDIS_URL", () => {
  for (const env of [{}, { REDIS_URL: "" }]) {
    it.effect(`is refused with status 1 where the environment is ${JSON.stringify(env)}`, () =>
      Effect.gen(function* () {
        const refusal = yield* Effect.flip(redisUrl)
        assert(refusal._tag === "Refusal")
        assert.strictEqual(refusal.exitCode, 1)
        assert.strictEqual(refusal.message, "CACHE=redis needs REDIS_URL, for example REDIS_URL=redis://localhost:6379")
      }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
    )
  }
})
