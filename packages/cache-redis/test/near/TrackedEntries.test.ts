import { assert, describe, it } from "@effect/vitest"
import { Async } from "@hexcache/cache-port"
import { TrackedEntries } from "../../src/near/TrackedEntries.ts"

const forever = Number.POSITIVE_INFINITY

/** The tracked entries of a connection that has just replied. */
const tracking = (options: Partial<ConstructorParameters<typeof TrackedEntries>[0]> = {}): TrackedEntries => {
  const tracking = new TrackedEntries({ maxEntries: 10_000, maxBytes: forever, ttl: forever, silence: 100, ...options })
  tracking.begin()
  tracking.proved(0)
  return tracking
}

describe("Tracking", () => {
  it("serves what was read, and that there was nothing", () => {
    const tracked = tracking()
    tracked.keep("key", "value", tracked.moment, 0, forever)
    tracked.keep("absent", undefined, tracked.moment, 0, forever)
    assert.strictEqual(tracked.find("", "key", 0), "value")
    assert.isUndefined(tracked.find("", "absent", 0))
    assert.strictEqual(tracked.find("", "unread", 0), Async)
  })

  it("keeps nothing that was asked for before its key changed, or every key", () => {
    const tracked = tracking()
    const { moment } = tracked
    tracked.keyChanged("key")
    tracked.keep("key", "old", moment, 0, forever)
    tracked.keep("other", "value", moment, 0, forever)
    assert.strictEqual(tracked.find("", "key", 0), Async)
    assert.strictEqual(tracked.find("", "other", 0), "value")
    tracked.everyKeyChanged()
    tracked.keep("third", "old", moment, 0, forever)
    assert.strictEqual(tracked.find("", "other", 0), Async)
    assert.strictEqual(tracked.find("", "third", 0), Async)
    tracked.keep("key", "new", tracked.moment, 0, forever)
    assert.strictEqual(tracked.find("", "key", 0), "new")
  })

  it("keeps nothing old however many keys have changed since", () => {
    const tracked = tracking()
    const { moment } = tracked
    tracked.keyChanged("key")
    for (let index = 0; index < 5_000; index++) {
      tracked.keyChanged(`other-${index}`)
      tracked.keep("key", "old", moment, 0, forever)
      assert.strictEqual(tracked.find("", "key", 0), Async)
    }
  })

  it("serves nothing beyond its end, whatever prefix it is asked for with", () => {
    const tracked = tracking()
    tracked.keep("a:key", "value", tracked.moment, 0, 50)
    assert.strictEqual(tracked.find("a:", "key", 49), "value")
    assert.strictEqual(tracked.find("a:", "key", 50), Async)
    assert.strictEqual(tracked.find("", "a:key", 49), Async)
    tracked.keep("a:key", "new", tracked.moment, 0, forever)
    assert.strictEqual(tracked.find("a:", "key", 60), "new")
  })

  it("drops what it has, and what is on its way, when the connection ends", () => {
    const tracked = tracking()
    const { moment } = tracked
    tracked.keep("key", "value", moment, 0, forever)
    tracked.end()
    tracked.keep("key", "value", moment, 0, forever)
    tracked.begin()
    tracked.proved(0)
    tracked.keep("other", "value", moment, 0, forever)
    assert.strictEqual(tracked.find("", "key", 0), Async)
    assert.strictEqual(tracked.find("", "other", 0), Async)
  })

  it("keeps nothing of a connection whose server does not tell", () => {
    const tracked = tracking()
    tracked.end()
    tracked.proved(0)
    tracked.keep("key", "value", tracked.moment, 0, forever)
    tracked.begin()
    tracked.proved(0)
    assert.strictEqual(tracked.find("", "key", 0), Async)
  })

  it("serves nothing once the last thing that was answered was sent too long ago", () => {
    const tracked = tracking()
    tracked.keep("key", "value", tracked.moment, 0, forever)
    assert.strictEqual(tracked.find("", "key", 99), "value")
    assert.strictEqual(tracked.find("", "key", 100), Async)
    tracked.proved(50)
    assert.strictEqual(tracked.find("", "key", 149), "value")
    tracked.proved(10)
    assert.strictEqual(tracked.find("", "key", 149), "value")
    assert.strictEqual(tracked.find("", "key", 150), Async)
  })

  it("asks for another proof before the last one is too old", () => {
    const tracked = tracking()
    assert.isFalse(tracked.needsProof(33))
    assert.isTrue(tracked.needsProof(34))
  })

  it("serves nothing beyond its time to live, or the bound on it", () => {
    const tracked = tracking({ ttl: 60 })
    tracked.keep("key", "value", tracked.moment, 0, 40)
    tracked.keep("bound", "value", tracked.moment, 0, forever)
    assert.strictEqual(tracked.find("", "key", 39), "value")
    assert.strictEqual(tracked.find("", "key", 40), Async)
    assert.strictEqual(tracked.find("", "bound", 59), "value")
    assert.strictEqual(tracked.find("", "bound", 60), Async)
  })
})
