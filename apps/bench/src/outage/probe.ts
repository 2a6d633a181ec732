/**
 * A process that asks one cache for something every few milliseconds and tells its parent of every call.
 *
 * It listens for nothing that would keep an uncaught error from ending it.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Adapter, Cache } from "./Adapter.ts"
import { coldKey, hotKey, patience, storedValue } from "./keys.ts"
import type { Message, Order, Outcome, Probe } from "./Message.ts"

/** The pause between two rounds of calls, and between two writes whose caller gives up, in milliseconds. */
const pause = 50
const latePause = 450
const lateWrites = 10

const [adapter = "", url = ""] = process.argv.slice(2)
const { open }: Adapter = await import(adapter)

const tell = (message: Message) => process.send?.(message)

const opening = open(url)
// A start that fails ends the process, as it does where the program awaits it.
opening.then(() => {})

let calls = 0

const call = async (probe: Probe, key: string, ask: (cache: Cache) => Promise<Outcome> | Outcome): Promise<void> => {
  const id = calls++
  tell({ tag: "issued", id, probe, key, at: Date.now() })
  const outcome = await opening.then(ask).catch((): Outcome => "failed")
  if (process.connected) tell({ tag: "settled", id, outcome, at: Date.now() })
}

const get = (probe: Probe, key: string) =>
  call(probe, key, async (cache) => {
    const value = await cache.get(key)
    if (value === null || value === undefined) return "miss"
    return value === storedValue(key) ? "right" : "wrong"
  })

const set = async (cache: Cache, key: string, value = "written", givenUp?: AbortSignal): Promise<Outcome> =>
  (await cache.set(key, value, givenUp)) === false ? "failed" : "right"

const lateWrite = (key: string): void => {
  const givenUp = AbortSignal.timeout(patience)
  call("late", key, (cache) => (givenUp.aborted ? "failed" : set(cache, key, "written late", givenUp)))
}

let round = 0
const rounds = setInterval(() => {
  get("cold", coldKey(round))
  get("hot", hotKey)
  const key = `set-key-${round}`
  call("set", key, (cache) => set(cache, key))
  round++
}, pause)

/** Some libraries keep in memory what they wrote, and not what they read. */
const warm = (): Promise<void> => call("set", hotKey, (cache) => set(cache, hotKey, storedValue(hotKey)))

const writeLate = async (): Promise<void> => {
  for (let index = 0; index < lateWrites; index++) {
    lateWrite(`late-key-${index}`)
    await sleep(latePause)
  }
}

const close = async (): Promise<void> => {
  clearInterval(rounds)
  const closing = opening.then((cache) => cache.close()).catch(() => {})
  await Promise.race([closing, sleep(3_000, undefined, { ref: false })])
  tell({ tag: "closed" })
  process.off("disconnect", leave)
  process.disconnect()
}

const leave = () => process.exit()
process.on("disconnect", leave)
const orders: Record<Order, () => Promise<void>> = { warm, fault: writeLate, close }
process.on("message", (order: Order) => orders[order]())
tell({ tag: "running" })
