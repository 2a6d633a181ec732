/** A connection that is silent, once it is in use or from its handshake on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import {
  endByDeadline,
  endsWithin,
  eventually,
  failAtOnce,
  failByDeadline,
  failSoon,
  patience,
  recoveryPatience,
  succeedsWithin
} from "../support/bounds.ts"
import { faultyServer } from "../support/faultyServer.ts"
import { cache, readyCache } from "../support/servers.ts"

type Faulty = Effect.Success<typeof faultyServer>

const silences = {
  "server frozen": {
    begin: ({ redis }: Faulty) => redis.freeze(),
    end: async ({ redis }: Faulty) => redis.thaw()
  },
  "black hole": { begin: ({ proxy }: Faulty) => proxy.blackHole(), end: ({ proxy }: Faulty) => proxy.heal() },
  "half-open socket": { begin: ({ proxy }: Faulty) => proxy.halfOpen(), end: async () => {} },
  "replies dropped": { begin: ({ proxy }: Faulty) => proxy.dropReplies(), end: ({ proxy }: Faulty) => proxy.heal() },
  "bytes held": { begin: ({ proxy }: Faulty) => proxy.hold(), end: ({ proxy }: Faulty) => proxy.heal() }
}

describe.concurrent("a connection that is silent", () => {
  for (const [name, fault] of Object.entries(silences)) {
    it.live(`${name}: ends by its deadline; connection replaced`, () =>
      Effect.gen(function* () {
        const deadline = 600
        const faulty = yield* faultyServer
        const cached = yield* readyCache({ url: faulty.url, commandTimeout: deadline })
        yield* cached.increment("warm")
        const { accepted } = faulty.proxy
        fault.begin(faulty)
        const errors = name === "half-open socket" ? endByDeadline(deadline, cached) : failByDeadline(deadline, cached)
        for (const { outcome, reason } of yield* errors) {
          assert.include(["TimedOut", "ConnectionLost"], reason._tag)
          assert.strictEqual(outcome, "Unknown")
        }
        yield* Effect.sleep(200)
        yield* Effect.promise(() => fault.end(faulty))
        yield* succeedsWithin(1_500, cached.ping)
        assert.isAbove(faulty.proxy.accepted, accepted)
      })
    )

    it.live(`${name}, with a command each 20 ms: a watchdog that counts replies, not writes`, () =>
      Effect.gen(function* () {
        const deadline = 200
        const faulty = yield* faultyServer
        const cached = yield* readyCache({ url: faulty.url, commandTimeout: deadline })
        const { accepted } = faulty.proxy
        fault.begin(faulty)
        const start = performance.now()
        const writing: Array<Fiber.Fiber<unknown>> = []
        const isReplaced = () => faulty.proxy.accepted > accepted
        while (!isReplaced() || performance.now() < start + 500) {
          assert.isBelow(performance.now() - start, deadline + recoveryPatience)
          const write = endsWithin(deadline + patience, Effect.exit(cached.set("key", "value")))
          writing.push(yield* Effect.forkChild(write))
          yield* Effect.sleep(20)
        }
        yield* Effect.forEach(writing, Fiber.join)
        yield* Effect.promise(() => fault.end(faulty))
        yield* succeedsWithin(1_500, cached.ping)
      })
    )
  }

  it.live("TCP accepted, handshake never answered: its own deadline, then a new connection", () =>
    Effect.gen(function* () {
      const deadline = 1_000
      const connectTimeout = 200
      const { proxy, url } = yield* faultyServer
      proxy.mute()
      const start = performance.now()
      const cached = yield* endsWithin(patience, cache({ url, commandTimeout: deadline, connectTimeout }))
      for (const { reason } of yield* failSoon(deadline, cached)) assert.strictEqual(reason._tag, "Unavailable")
      yield* eventually(() => proxy.accepted >= 3)
      for (const { reason } of yield* failAtOnce(deadline, cached)) assert.strictEqual(reason._tag, "Unavailable")
      // One connection at a time, of which each has its time.
      assert.isAtMost(proxy.accepted, 1 + (performance.now() - start) / (connectTimeout - 5))
      yield* eventually(() => proxy.open <= 1)
      yield* Effect.promise(() => proxy.heal())
      yield* succeedsWithin(1_000, cached.ping)
    })
  )

  it.live("TCP accepted, handshake never answered: the layer does not wait for it", () =>
    Effect.gen(function* () {
      const deadline = 500
      const { proxy, url } = yield* faultyServer
      proxy.mute()
      const cached = yield* endsWithin(patience, cache({ url, commandTimeout: deadline, connectTimeout: "1 minute" }))
      const exits = yield* Effect.all([cached.get("key"), cached.set("key", "value")].map(Effect.exit), {
        concurrency: "unbounded"
      }).pipe((operations) => endsWithin(deadline + patience, operations))
      assert.isTrue(exits.every(Exit.isFailure))
    })
  )
})
