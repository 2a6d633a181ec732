import { randomFrom } from "@hexcache/cache-port/test-support/SeededRandom"
import { RedisServer } from "@hexcache/redis-testkit"
import { afterAll, beforeAll, expect, test } from "vitest"
import { compare, type Rounds } from "../../src/speed/compare.ts"
import type { Entrant } from "../../src/speed/entrants.ts"
import type { Effort, Work } from "../../src/speed/Work.ts"
import { get } from "../../src/speed/works/get.ts"
import { increment } from "../../src/speed/works/increment.ts"

const effort: Effort = { processes: 1, roundsAProcess: 2, millis: 50, warmUpMillis: 10, steadyMillis: 0 }
const variant = { inFlight: 16, size: 100 }

let server: RedisServer
beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.stop())

const run = (work: Work) => compare(work, variant, effort, { url: server.url, random: randomFrom(1) })

const withoutPeers = (work: Work): Work => ({
  ...work,
  entrants: work.entrants.filter(({ name }) => name === "hexcache" || name === "node-redis")
})

const worked = ({ rounds }: Rounds): boolean =>
  rounds.length === 2 &&
  rounds.every(({ cpuMicros, millis, operations }) => operations > 16 && millis >= 40 && cpuMicros > 0)

test("the port and bare node-redis get and count side by side, with every answer verified", async () => {
  for (const work of [get, increment]) {
    const { lacking, results } = await run(withoutPeers(work))
    expect(results.map(({ entrant }) => entrant)).toEqual(["hexcache", "node-redis"])
    expect(results.filter(worked)).toHaveLength(2)
    expect(lacking).toEqual([])
  }
})

const named = (name: string): Entrant => {
  const found = get.entrants.find((entrant) => entrant.name === name)
  if (found === undefined) throw new Error(`There is no ${name}`)
  return found
}

test("a cache that lacks an operation is left out, and the result says for what", async () => {
  const { lacking, results } = await run({ ...increment, entrants: [named("Effect Persistence"), named("node-redis")] })
  expect(results.map(({ entrant }) => entrant)).toEqual(["node-redis"])
  expect(lacking).toEqual([{ entrant: "Effect Persistence", operation: "increment" }])
})

test("a value that is not what was stored ends the bench", async () => {
  const module = new URL("wrongCache.ts", import.meta.url).href
  const wrong: Entrant = { name: "wrong", module, open: "open", packages: [], isPeer: false }
  await expect(run({ ...get, entrants: [wrong] })).rejects.toThrow(
    /^wrong ended before it answered\n.*c0:1000 reads as undefined/s
  )
})
