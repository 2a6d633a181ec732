import { CachePort } from "@hexcache/cache-port"
import { type Effect, Stream } from "effect"
import { assert } from "vitest"
import { type Chapter, law } from "../Law.ts"
import { revealedBy } from "../Revealed.ts"

export const secrets: Chapter = {
  name: "secrets",
  laws: [
    law("no failure, log line, span or line of the console holds a value", function* ({ cache }) {
      const canary = `canary-${Math.random().toString(36).slice(2)}`
      const number = String(Number.MAX_SAFE_INTEGER - Math.floor(Math.random() * 1_000))
      yield* cache.setMany([
        ["text", canary],
        ["number", number]
      ])
      const foreign = CachePort.namespaced(CachePort.of({ ...cache }), "space")
      const work: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        cache.get("text"),
        cache.getMany(["text", "number"]),
        cache.getJson("text"),
        cache.increment("text"),
        cache.decrement("text", 5, { ttl: "1 hour" }),
        cache.increment("number", 2_000),
        cache.set("text", canary, { ttl: "1 hour" }),
        cache.set("text", canary, { ttl: -1 }),
        cache.set("text", `${canary}\ud800`),
        cache.set("", canary),
        cache.setJson("json", { canary }),
        cache.setJson("json", { canary, toJSON: () => undefined } as never),
        cache.setJson("json", { canary, count: 1n } as never),
        cache.setIfAbsent("text", `${canary}-2`),
        cache.setIfAbsent("text", canary, { ttl: 0 }),
        cache.setMany([["many", canary]]),
        cache.setMany([["many", canary], [""] as never]),
        cache.compareAndDelete("text", `${canary}-2`),
        cache.compareAndDelete("text", `${canary}\ud800`),
        cache.exists("text"),
        cache.expire("text", "1 hour"),
        cache.ttl("text"),
        Stream.runDrain(cache.scan("*")),
        cache.deletePattern("json*"),
        foreign.set("text", canary),
        foreign.increment("text"),
        foreign.getJson("text"),
        cache.getAndDelete("text"),
        cache.compareAndDelete("many", canary),
        cache.compareAndExpire("many", canary, 0),
        cache.getAndExpire("many", "1 hour"),
        cache.deleteMany(["text", "number"])
      ]
      const said = yield* revealedBy(work)
      for (const secret of [canary, number]) {
        const at = said.indexOf(secret)
        assert(at < 0, `a value is in what was said: ${said.slice(Math.max(0, at - 200), at)}<the value>`)
      }
    })
  ]
}
