/** The faults of a storm: what each does, for how long it lasts, and how it ends. */
import { setTimeout as sleep } from "node:timers/promises"
import type { FaultProxy, RedisServer } from "@hexcache/redis-testkit"
import type { Random } from "./random.ts"

/** Where faults happen. */
export interface Place {
  readonly server: RedisServer
  readonly proxy: FaultProxy
  readonly random: Random
  /** Told before the server loses its data, and after. */
  readonly onLoss: () => Promise<void>
}

/** Causes a fault for some milliseconds; it has ended when this resolves. */
export type Fault = (place: Place, millis: number) => Promise<void>

/** A fault of the proxy that lasts until it heals. */
const lasting =
  (begin: (place: Place) => void): Fault =>
  async (place, millis) => {
    begin(place)
    await sleep(millis)
    await place.proxy.heal()
  }

/** Enough that commands are on their way at any moment, in milliseconds to and fro. */
const slow = 20

/** A fault of the stream of replies that happens a few times, while commands are on their way. */
const inFlight =
  (once: (place: Place) => void | Promise<void>): Fault =>
  async (place, millis) => {
    place.proxy.latency(slow / 2)
    for (let times = 3; times > 0; times--) {
      await sleep(millis / 3)
      await once(place)
    }
    await sleep(slow)
    await place.proxy.heal()
  }

/** A fault that happens a few times. */
const repeated =
  (once: (place: Place) => void): Fault =>
  async (place, millis) => {
    for (let times = 1 + place.random.below(3); times > 0; times--) {
      once(place)
      if (times > 1) await sleep(millis / 3)
    }
  }

/** An unasked reply of every type of RESP. */
export const unaskedReplies: ReadonlyArray<string> = [
  "+OK\r\n",
  "-ERR unasked\r\n",
  ":1\r\n",
  "$7\r\nunasked\r\n",
  "$-1\r\n",
  "*1\r\n$7\r\nunasked\r\n",
  "*0\r\n",
  "*-1\r\n",
  "_\r\n",
  "#t\r\n",
  ",1.5\r\n",
  "(12345678901234567890\r\n",
  "!11\r\nERR unasked\r\n",
  "=11\r\ntxt:unasked\r\n",
  "%1\r\n+key\r\n$7\r\nunasked\r\n",
  "~1\r\n$7\r\nunasked\r\n",
  ">2\r\n+unasked\r\n$7\r\nunasked\r\n"
]

export const faults: Readonly<Record<string, Fault>> = {
  freeze: async ({ server }, millis) => {
    server.freeze()
    await sleep(millis)
    server.thaw()
  },
  kill: async ({ onLoss, server }, millis) => {
    await onLoss()
    await server.kill()
    await onLoss()
    await sleep(millis)
    await server.restart()
  },
  "black hole": lasting(({ proxy }) => proxy.blackHole()),
  hold: lasting(({ proxy }) => proxy.hold()),
  "drop replies": lasting(({ proxy }) => proxy.dropReplies()),
  "some replies dropped": inFlight(async ({ proxy, random }) => {
    proxy.dropReplies()
    await sleep(1 + random.below(30))
    await proxy.heal()
    proxy.latency(slow / 2)
  }),
  "half-open": repeated(({ proxy }) => proxy.halfOpen()),
  reset: repeated(({ proxy }) => proxy.reset()),
  latency: lasting(({ proxy, random }) => proxy.latency(1 + random.below(80))),
  refuse: lasting(({ proxy }) => proxy.refuse()),
  garbage: inFlight(({ proxy }) => proxy.garbage()),
  "unasked reply": inFlight(({ proxy, random }) =>
    proxy.inject(unaskedReplies[random.below(unaskedReplies.length)] as string)
  ),
  slicing: lasting(({ proxy }) => proxy.slice()),
  "silent handshake": lasting(({ proxy }) => {
    proxy.mute()
    proxy.reset()
  }),
  "nothing read": lasting(({ proxy }) => proxy.stopReading()),
  cut: repeated(({ proxy, random }) => proxy.cutAfter(random.below(2_000)))
}
