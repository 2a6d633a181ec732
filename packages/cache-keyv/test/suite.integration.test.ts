/** Keyv's own test suite, as it is published, on memory and on Redis. */
import { CacheMemory } from "@hexcache/cache-memory"
import type { CachePort } from "@hexcache/cache-port"
import type { CachePromise } from "@hexcache/cache-promise"
import { CacheRedis } from "@hexcache/cache-redis"
import keyvTestSuite, { keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from "@keyv/test-suite"
import type { Layer } from "effect"
import Keyv from "keyv"
import Keyv6 from "keyv6"
import * as vitest from "vitest"
import { CacheKeyv } from "../src/index.ts"
import { opened } from "./support/opened.ts"

type Suite = typeof keyvTestSuite

const on = (
  name: string,
  layer: Layer.Layer<CachePort, unknown>,
  keyv: typeof Keyv | typeof Keyv6,
  suites: ReadonlyArray<Suite>
) =>
  vitest.describe(name, () => {
    let cache: CachePromise
    vitest.beforeAll(async () => {
      cache = await opened(layer)
    })
    vitest.afterAll(() => cache.close())

    // Typed by another version of vitest, and by Keyv 5.
    for (const suite of suites) suite(vitest as never, keyv as never, () => new CacheKeyv(cache))
  })

const redis = (namespace: string) =>
  CacheRedis.layer({
    url: vitest.inject("redisUrl"),
    namespace: `${namespace}-${process.pid}`,
    commandTimeout: "20 seconds"
  })

const whole = [keyvTestSuite, keyvIteratorTests]

/** The rest expects `false` of `deleteMany`, which returns a result for each key in Keyv 6. */
const validForKeyv6 = [keyvValueTests, keyvNamespaceTest, keyvIteratorTests]

on("Keyv 5 on memory", CacheMemory.layer(), Keyv, whole)
on("Keyv 5 on Redis", redis("keyv-5"), Keyv, whole)
on("Keyv 6 on memory", CacheMemory.layer(), Keyv6, validForKeyv6)
on("Keyv 6 on Redis", redis("keyv-6"), Keyv6, validForKeyv6)
