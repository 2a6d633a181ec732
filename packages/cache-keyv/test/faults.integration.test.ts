/** Keyv on a Redis that is frozen, and on one that is not there. */
import { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import { freePort, RedisServer } from "@hexcache/redis-testkit"
import { describe, expect, test } from "vitest"
import { CacheKeyv } from "../src/index.ts"
import { majors } from "./support/majors.ts"
import { answering } from "./support/opened.ts"

const deadline = 300

/** Allowance for a busy machine in the time by which something ends, in milliseconds. */
const patience = 2_000

const redis = (url: string) => CacheRedis.layer({ url, namespace: "test", commandTimeout: deadline })

const timed = async <A>(asked: Promise<A>): Promise<readonly [A, millis: number]> => {
  const from = performance.now()
  return [await asked, performance.now() - from]
}

describe.concurrent.each(majors)("%s", (_, Keyv) => {
  test("a frozen server: a miss or false by the deadline, an error event for each, and values again after it", async () => {
    const server = await RedisServer.start()
    const cache = await CachePromise.open(redis(server.url))
    const keyv = new Keyv({ store: new CacheKeyv(cache) })
    const errors: Array<unknown> = []
    keyv.on("error", (error: unknown) => errors.push(error))
    try {
      await answering(cache)
      await keyv.set("key", "value")
      server.freeze()
      const asked = [
        [() => keyv.get("key"), undefined],
        [() => keyv.get(["key", "other"]), [undefined, undefined]],
        [() => keyv.set("key", "newer"), false],
        [() => keyv.delete("key"), false],
        [() => keyv.has("key"), false]
      ] as const
      for (const [ask, answer] of asked) {
        const before = errors.length
        const [answered, millis] = await timed<unknown>(ask())
        expect(answered).toEqual(answer)
        expect(millis).toBeLessThan(deadline + patience)
        expect(errors.length).toBe(before + 1)
        expect(errors.at(-1)).toMatchObject({ _tag: "CacheError", code: "CACHE_CONNECTION_ERROR" })
      }
      server.thaw()
      await answering(cache)
      expect(await keyv.get("key")).toBe("value")
    } finally {
      await cache.close()
      await server.stop()
    }
  })

  test("a server that is not there: Keyv is open at once, every get is a miss, and disconnect ends", async () => {
    const port = await freePort()
    const [store, opened] = await timed(CacheKeyv.open(redis(`redis://127.0.0.1:${port}`)))
    expect(opened).toBeLessThan(patience)
    const keyv = new Keyv({ store })
    expect(await keyv.get("key")).toBeUndefined()
    expect(await keyv.set("key", "value")).toBe(false)
    const [, closed] = await timed(keyv.disconnect())
    expect(closed).toBeLessThan(1_000 + patience)
  })
})
