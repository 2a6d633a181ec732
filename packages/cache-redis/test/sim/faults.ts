/** The faults of one simulated server and the way to it: the effect of each, its length, and its end. */

import { unaskedReplies } from "../storm/faults.ts"
import type { Random } from "../storm/random.ts"
import type { Network } from "./Network.ts"
import type { Refusal } from "./Refusal.ts"
import type { Proxy, Server, Turning } from "./Server.ts"

/** Where faults happen. */
export interface Place {
  readonly server: Server
  readonly network: Network
  readonly random: Random
  readonly names: Names
  readonly sleep: (millis: number) => Promise<void>
  /** Keeps the simulated processes from running for so long. */
  readonly block: (millis: number) => void
  /** Lets the callers of each process ask in this turn. */
  readonly ask: () => void
  /** Keeps callers from asking, or lets them ask again. */
  readonly rest: (isIdle: boolean) => void
  /** Lets the callers of each process ask more in one turn than may be pending. */
  readonly askManyAtOnce: () => void
  /** Lets the callers of each process write more than the buffers of a connection hold. */
  readonly writeLongValues: () => void
}

/** How names are looked up now. */
export interface Names {
  /** Milliseconds until an address is found; undefined for not before the fault is over. */
  delay: number | undefined
  fails: boolean
}

export type Fault = (place: Place, millis: number) => Promise<void>

const connections = ({ network, server }: Place) => network.to(server.address)

const reset = (place: Place) => {
  for (const connection of connections(place)) connection.reset()
}

/** A fault of the way to the server that lasts until it heals. */
const lasting =
  (begin: (place: Place) => void): Fault =>
  async (place, millis) => {
    begin(place)
    await place.sleep(millis)
    place.network.heal(place.server.address)
  }

/** A fault of the stream of replies that happens a few times, while commands are on their way. */
const inFlight =
  (once: (place: Place) => void | Promise<void>): Fault =>
  async (place, millis) => {
    place.network.weather(place.server.address).latency = 1 + place.random.below(15)
    for (let times = 3; times > 0; times--) {
      await place.sleep(millis / 3)
      await once(place)
    }
    await place.sleep(20)
    place.network.heal(place.server.address)
  }

/** A fault that happens a few times. */
const repeated =
  (once: (place: Place) => void): Fault =>
  async (place, millis) => {
    for (let times = 1 + place.random.below(4); times > 0; times--) {
      once(place)
      if (times > 1) await place.sleep(place.random.below(Math.ceil(millis / 2)))
    }
  }

/** The server refuses commands. */
const refusing =
  (refusal: Refusal): Fault =>
  async (place, millis) => {
    const { random, server, sleep } = place
    server.refusal = refusal
    if (random.below(3) === 0) reset(place)
    await sleep(millis)
    server.refusal = undefined
  }

/** The server turns new connections away. */
const turning =
  (how: Turning): Fault =>
  async (place, millis) => {
    place.server.turning = how
    reset(place)
    await place.sleep(millis)
    place.server.turning = undefined
  }

/** A proxy stands in front of a server that is gone. */
const proxied =
  (proxy: Proxy): Fault =>
  async (place, millis) => {
    const { server, sleep } = place
    server.proxy = proxy
    reset(place)
    await sleep(millis)
    server.proxy = undefined
    // The proxy has found the server again.
    reset(place)
  }

/** Mostly near the bounds of what is judged: a timer that is late, and a whole deadline. */
const blockOf = ({ random }: Place): number => {
  const kind = random.below(3)
  return kind === 0 ? 16 + random.below(60) : kind === 1 ? 100 + random.below(60) : random.below(600)
}

const inject = (place: Place, bytes: Buffer) => {
  for (const connection of connections(place)) connection.reply(bytes)
}

/** Faults of which no caller hears. */
export const unnoticed: ReadonlySet<string> = new Set(["slicing", "blocked loop", "move of slots", "scripts forgotten"])

/** Faults that lose the writes which are on their way, and nothing else, where a connection is made soon enough. */
export const losing: ReadonlySet<string> = new Set(["one reset", "one hang up"])

/** Faults that fail no read, where a connection is made soon enough. */
export const readable: ReadonlySet<string> = new Set(["MISCONF", "NOREPLICAS", "OOM"])

/** Faults that tell every process at once that no server is there, so that nothing waits after a while. */
export const deadly: ReadonlySet<string> = new Set([
  "another password",
  "DENIED",
  "failing look-up",
  "hang up on each",
  "max clients",
  "proxy that refuses",
  "refuse",
  "silent handshake"
])

/** Those of them that refuse each attempt at once. */
export const instant: ReadonlySet<string> = new Set([
  "another password",
  "hang up on each",
  "proxy that refuses",
  "refuse"
])

/** Faults under which no command gets a reply. */
export const hopeless: ReadonlySet<string> = new Set([
  "another password",
  "black hole",
  "DENIED",
  "failing look-up",
  "hang up on each",
  "hang up behind each handshake",
  "max clients",
  "proxy that answers",
  "proxy that refuses",
  "refuse",
  "silent handshake",
  "slow look-up"
])

export const faults: Readonly<Record<string, Fault>> = {
  freeze: async ({ server, sleep }, millis) => {
    server.freeze()
    await sleep(millis)
    server.thaw()
  },
  kill: async ({ random, server, sleep }, millis) => {
    server.kill()
    await sleep(millis)
    server.restart()
    if (random.below(2) === 0) {
      server.refusal = "LOADING"
      await sleep(random.below(300))
      server.refusal = undefined
    }
  },
  "black hole": lasting((place) => {
    place.network.weather(place.server.address).isMute = true
    for (const connection of connections(place)) connection.isDead = true
  }),
  hold: lasting(({ network, server }) => {
    network.weather(server.address).isHeld = true
  }),
  "drop replies": lasting(({ network, server }) => {
    network.weather(server.address).dropsReplies = true
  }),
  "some replies dropped": inFlight(async ({ network, random, server, sleep }) => {
    network.weather(server.address).dropsReplies = true
    await sleep(1 + random.below(20))
    network.weather(server.address).dropsReplies = false
  }),
  "half-open": repeated((place) => {
    for (const connection of connections(place)) connection.isDead = true
  }),
  "some half-open": repeated((place) => {
    for (const connection of connections(place)) if (place.random.below(2) === 0) connection.isDead = true
  }),
  reset: repeated(reset),
  "one reset": async (place) => reset(place),
  "one hang up": async (place) => {
    for (const connection of connections(place)) connection.hangUp()
  },
  "reset while in flight": inFlight(reset),
  "hang up": repeated((place) => {
    for (const connection of connections(place)) connection.hangUp()
  }),
  latency: lasting(({ network, random, server }) => {
    Object.assign(network.weather(server.address), { latency: 1 + random.below(80), jitter: random.below(60) })
  }),
  refuse: lasting((place) => {
    place.network.weather(place.server.address).isRefused = true
    reset(place)
  }),
  garbage: inFlight((place) =>
    inject(place, Buffer.from(Array.from({ length: 1 + place.random.below(40) }, () => place.random.below(256))))
  ),
  "unasked reply": inFlight((place) =>
    inject(place, Buffer.from(unaskedReplies[place.random.below(unaskedReplies.length)] as string))
  ),
  slicing: lasting(({ network, server }) => {
    network.weather(server.address).isSliced = true
  }),
  "silent handshake": lasting((place) => {
    place.network.weather(place.server.address).isMute = true
    reset(place)
  }),
  "nothing read": lasting((place) => {
    place.network.weather(place.server.address).isUnread = true
    place.writeLongValues()
  }),
  cut: async (place, millis) => {
    for (const connection of connections(place)) connection.cutAfter = place.random.below(400)
    await place.sleep(millis)
    for (const connection of connections(place)) connection.cutAfter = undefined
  },
  "cut handshakes": async (place, millis) => {
    reset(place)
    for (let rest = millis; rest > 0; rest -= 10) {
      for (const connection of connections(place)) connection.cutAfter ??= place.random.below(300)
      await place.sleep(10)
    }
    for (const connection of connections(place)) connection.cutAfter = undefined
  },
  LOADING: refusing("LOADING"),
  READONLY: refusing("READONLY"),
  OOM: refusing("OOM"),
  MISCONF: refusing("MISCONF"),
  BUSY: refusing("BUSY"),
  NOPERM: refusing("NOPERM"),
  MASTERDOWN: refusing("MASTERDOWN"),
  NOREPLICAS: refusing("NOREPLICAS"),
  NOAUTH: refusing("NOAUTH"),
  "no MGET": async (place, millis) => {
    const { network, random, server } = place
    server.refusal = "no MGET"
    Object.assign(network.weather(server.address), { latency: 15 + random.below(25), jitter: 5 })
    await place.sleep(millis)
    server.refusal = undefined
    network.heal(server.address)
  },
  "scripts forgotten": inFlight(({ server }) => server.scripts.clear()),
  "failover behind the name": async ({ server, sleep }, millis) => {
    server.demote()
    await sleep(millis)
  },
  "proxy that answers": proxied("answering"),
  "proxy that refuses": proxied("refusing"),
  "garbled replies": inFlight(async ({ random, server, sleep }) => {
    server.isGarbling = true
    await sleep(1 + random.below(10))
    server.isGarbling = false
  }),
  "forgotten while idle": async (place) => {
    place.rest(true)
    await place.sleep(300)
    for (const connection of connections(place)) connection.isDead = true
    await place.sleep(4_000)
    place.rest(false)
  },
  "many at once": async (place, millis) => {
    for (let times = 3; times > 0; times--) {
      if (place.random.below(2) === 0) reset(place)
      await place.sleep(place.random.below(2))
      place.askManyAtOnce()
      await place.sleep(millis / 3)
    }
  },
  DENIED: turning("DENIED"),
  "max clients": turning("max clients"),
  "hang up on each": turning("hang up"),
  "hang up behind each handshake": turning("hang up behind the handshake"),
  "another password": async (place, millis) => {
    const { password } = place.server
    place.server.password = "another"
    reset(place)
    await place.sleep(millis)
    place.server.password = password
  },
  "no HELLO": async (place, millis) => {
    place.server.isOld = true
    reset(place)
    await place.sleep(millis)
    place.server.isOld = false
    if (place.random.below(2) === 0) reset(place)
  },
  "slow look-up": async (place, millis) => {
    place.names.delay = place.random.below(2) === 0 ? undefined : place.random.below(2_000)
    reset(place)
    await place.sleep(millis)
    place.names.delay = 0.3
  },
  "failing look-up": async (place, millis) => {
    place.names.fails = true
    reset(place)
    await place.sleep(millis)
    place.names.fails = false
  },
  "blocked loop": inFlight((place) => {
    if (place.random.below(2) === 0) place.ask()
    place.block(blockOf(place))
    if (place.random.below(2) === 0) place.ask()
  }),
  "blocked loop while reset": inFlight((place) => {
    if (place.random.below(2) === 0) reset(place)
    place.block(place.random.below(1_500))
  })
}
