import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, test } from "vitest"

test("a program of CommonJS requires the package, and ends by itself", async () => {
  const program = `
    const { CacheMemory } = require("@hexcache/cache-memory")
    const { CachePromise } = require("@hexcache/cache-promise")
    void (async () => {
      const cache = await CachePromise.open(CacheMemory.layer())
      await cache.set("greeting", "hello", { ttl: "5 minutes" })
      console.log(await cache.get("greeting"))
      await cache.close()
    })()`
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=commonjs", "--eval", program], {
    cwd: import.meta.dirname,
    timeout: 100_000
  })
  expect(stdout).toBe("hello\n")
})
