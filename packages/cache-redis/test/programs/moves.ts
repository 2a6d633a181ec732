/**
 * Shows how late the event loop is while slots of a Cluster move by plan under load, as a table: `node moves.ts --callers 5000`.
 *
 * Each caller writes or reads a key of its own, again and again, so that as many commands are in flight at any time. A
 * turn of the loop is judged by the processor's time of this thread too, which other work on the machine does not lengthen.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { CachePort } from "@hexcache/cache-port"
import { CacheRedis } from "@hexcache/cache-redis"
import { askRedis, RedisCluster, type RedisServer } from "@hexcache/redis-testkit"
import { Effect, Fiber, Logger } from "effect"
import { slotOf } from "../../src/topology/Slot.ts"

const { values } = parseArgs({
  options: {
    callers: { type: "string", default: "5000" },
    rounds: { type: "string", default: "2" },
    seconds: { type: "string", default: "3" },
    only: { type: "string", default: "" }
  }
})
const callers = Number(values.callers)
const rounds = Number(values.rounds)
const quietMillis = Number(values.seconds) * 1_000

/** Milliseconds of processor time that this thread has taken. */
const cpu = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}

/** The turns of the event loop between `begin` and `end`. */
class Turns {
  #timer: NodeJS.Timeout | undefined
  late: Array<number> = []
  busy: Array<number> = []

  begin(): void {
    this.late = []
    this.busy = []
    let at = performance.now()
    let used = cpu()
    const turn = () => {
      const now = performance.now()
      const usedNow = cpu()
      this.late.push(now - at - 1)
      this.busy.push(usedNow - used)
      at = now
      used = usedNow
      this.#timer = setTimeout(turn, 1)
    }
    this.#timer = setTimeout(turn, 1)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

const at = (servers: ReadonlyArray<RedisServer>, index: number): RedisServer => servers[index] as RedisServer

const keysOf = (cluster: RedisCluster, master: number): ReadonlyArray<string> => {
  const [first, last] = cluster.slotsOf(master)
  const keys: Array<string> = []
  for (let index = 0; keys.length < callers; index++) {
    const slot = slotOf(`moves:key-${index}`)
    if (slot >= first && slot <= last) keys.push(`key-${index}`)
  }
  return keys
}

/** The number of MOVED and ASK replies of the servers. */
const redirections = async ({ servers }: RedisCluster): Promise<number> => {
  const stats = await Promise.all(servers.map(({ url }) => askRedis(url, ["INFO", "errorstats"])))
  const counts = [...stats.join().matchAll(/errorstat_(?:MOVED|ASK):count=(\d+)/g)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

/** The one of two servers that follows the other, as soon as it does. */
const replicaOf = async (pair: ReadonlyArray<RedisServer>): Promise<RedisServer> => {
  for (;;) {
    for (const server of pair) {
      if ((await askRedis(server.url, ["INFO", "replication"])).includes("master_link_status:up")) return server
    }
    await sleep(50)
  }
}

interface Row {
  readonly name: string
  readonly calls: number
  readonly redirected: number
  readonly failed: number
  readonly late: number
  readonly busy: number
  readonly over50: number
}

const measured = (name: string, cluster: RedisCluster, keys: ReadonlyArray<string>, move: () => Promise<void>) =>
  Effect.gen(function* () {
    const cache = yield* CachePort
    let isOver = false
    let calls = 0
    let failed = 0
    const call = (key: string, index: number) =>
      Effect.gen(function* () {
        for (let round = index; !isOver; round++) {
          yield* Effect.catch(round % 2 === 0 ? cache.set(key, "value") : cache.get(key), () =>
            Effect.sync(() => void failed++)
          )
          calls++
        }
      })
    const fibers = yield* Effect.forEach(keys, (key, index) => Effect.forkChild(call(key, index)))
    yield* Effect.sleep(2_000)
    calls = 0
    failed = 0
    const before = yield* Effect.promise(() => redirections(cluster))
    const turns = new Turns()
    turns.begin()
    yield* Effect.promise(move)
    yield* Effect.sleep(quietMillis)
    turns.end()
    isOver = true
    yield* Effect.forEach(fibers, Fiber.join)
    const redirected = (yield* Effect.promise(() => redirections(cluster))) - before
    return {
      name,
      calls,
      redirected,
      failed,
      late: Math.max(...turns.late),
      busy: Math.max(...turns.busy),
      over50: turns.late.filter((late) => late > 50).length
    }
  }).pipe(
    Effect.provide(
      CacheRedis.layerCluster({
        rootNodes: cluster.masters.map(({ url }) => url),
        namespace: "moves",
        commandTimeout: "10 seconds"
      })
    )
  )

const cluster = await RedisCluster.start({ masters: 3, replicas: 1, nodeTimeout: 5_000 })
const rows: Array<Row> = []
try {
  const run = async (name: string, move: () => Promise<void>) => {
    if (!name.includes(values.only)) return
    const row = measured(name, cluster, keysOf(cluster, 0), move)
    rows.push(await Effect.runPromise(Effect.scoped(row).pipe(Effect.provide(Logger.layer([])))))
  }
  const [master, replica] = [at(cluster.masters, 0), at(cluster.replicas, 0)]
  for (let round = 0; round < rounds; round++) {
    await run("no move", async () => {})
    for (const _ of [1, 2]) {
      const next = await replicaOf([master, replica])
      await run("CLUSTER FAILOVER", () => cluster.failOver(next))
    }
  }
  const other = at(cluster.masters, 1)
  const [first] = cluster.slotsOf(0)
  const moveSlots = async (from: RedisServer, to: RedisServer) => {
    for (let slot = first; slot < first + 30; slot++) await cluster.moveSlot(slot, from, to)
  }
  for (let round = 0; round < rounds; round++) {
    await run("30 slots moved", () => moveSlots(master, other))
    await run("30 slots moved", () => moveSlots(other, master))
  }
} finally {
  await cluster.stop()
}

console.log(
  `| ${callers} calls in flight | calls | redirected | failed | longest turn | in processor time | turns over 50 ms |`
)
console.log("|---|---:|---:|---:|---:|---:|---:|")
for (const { busy, calls, failed, late, name, over50, redirected } of rows) {
  console.log(
    `| ${name} | ${calls.toLocaleString("en")} | ${redirected.toLocaleString("en")} | ${failed} | ${late.toFixed(0)} ms | ${busy.toFixed(0)} ms | ${over50} |`
  )
}
