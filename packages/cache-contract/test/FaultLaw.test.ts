import { CacheError, TimedOut, Unknown } from "@hexcache/cache-port"
import { Exit } from "effect"
import { assert, describe, it } from "vitest"
import { failedWith } from "../src/FaultLaw.ts"

const timedOut = new CacheError({ operation: "get", key: "key", reason: new TimedOut({ message: "no answer" }) })
const unknown = new CacheError({ operation: "get", key: "key", reason: new Unknown({ message: "PostgreSQL failed" }) })

describe("a law on a store that is out of order", () => {
  it("A law returns the failure that is allowed", () => {
    assert.strictEqual(failedWith("get", Exit.fail(timedOut), ["TimedOut", "ConnectionLost"]), timedOut)
  })

  it("A law says of an operation that succeeded what was allowed", () => {
    assert.throws(
      () => failedWith("get", Exit.succeed("value"), ["TimedOut", "ConnectionLost"]),
      "get succeeds, and should fail with TimedOut or ConnectionLost"
    )
  })

  it("A law says of another failure what came, and what was allowed", () => {
    assert.throws(
      () => failedWith("get", Exit.fail(unknown), ["TimedOut"]),
      /^get fails with Unknown \(get "key" failed: PostgreSQL failed \(Unknown\) at .*FaultLaw\.test\.ts.*\), and should fail with TimedOut$/
    )
  })
})
