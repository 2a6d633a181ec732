/** The scripts of the adapter, known by their texts, and what each does. */
import { createHash } from "node:crypto"
import * as AdapterScripts from "../../src/commands/Scripts.ts"
import { ok, type Reply } from "./Resp.ts"
import type { Server } from "./Server.ts"

type Run = (server: Server, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) => Reply

interface Script {
  readonly isWrite: boolean
  readonly run: Run
}

const isSum = (sum: number): boolean => Number.isSafeInteger(sum)

const increments: Run = (server, keys, args) =>
  keys.map((key, index) => {
    const amount = Number(args[2 * index] ?? args[0])
    const ttl = args[2 * index + 1] ?? args[1]
    const held = server.keyspace.get(key)
    if (held !== undefined && !/^(?:0|-?[1-9][0-9]*)$/.test(held)) return "WRONGTYPE not an integer"
    if (!isSum(Number(held ?? "0") + amount)) return "OUTOFRANGE not a safe integer"
    const sum = server.add(key, amount)
    if (held === undefined && ttl !== "") server.keyspace.expire(key, server.loop.now + Number(ttl))
    return String(sum)
  })

const compareAndDelete: Run = ({ keyspace }, [key = ""], [expected]) =>
  keyspace.get(key) === expected && keyspace.delete(key) ? 1 : 0

const compareAndExpire: Run = ({ keyspace, loop }, [key = ""], [expected, ttl]) => {
  if (keyspace.get(key) !== expected) return 0
  keyspace.expire(key, ttl === "" ? Number.POSITIVE_INFINITY : loop.now + Number(ttl))
  return 1
}

const persist: Run = ({ keyspace }, [key = ""]) => (keyspace.expire(key, Number.POSITIVE_INFINITY) ? 1 : 0)

const setAll: Run = (server, keys, args) => {
  const expiresAt = server.loop.now + Number(args[keys.length])
  for (const [index, key] of keys.entries()) server.write(key, args[index] as string, expiresAt)
  return ok
}

const timesToLive: Run = ({ keyspace }, keys) => keys.map((key) => keyspace.ttl(key))

const bodies: ReadonlyArray<Script> = [
  { isWrite: true, run: increments },
  { isWrite: true, run: compareAndDelete },
  { isWrite: true, run: compareAndExpire },
  { isWrite: true, run: persist },
  { isWrite: true, run: setAll },
  { isWrite: false, run: timesToLive }
]

const known = new Map(AdapterScripts.load.map(([, , lua = ""], index) => [lua, bodies[index] as Script] as const))

const shaOf = new Map([...known.keys()].map((lua) => [lua, createHash("sha1").update(lua).digest("hex")]))

const textOf = new Map([...shaOf].map(([lua, sha]) => [sha, lua]))

/** The scripts that one server knows. */
export class Scripts {
  readonly #loaded = new Set<string>()

  load(lua: string): string {
    const sha = shaOf.get(lua)
    if (sha === undefined) throw new Error("the simulation does not know this script")
    this.#loaded.add(lua)
    return sha
  }

  byText(lua: string): Script {
    return known.get(lua) as Script
  }

  bySha(sha: string): Script | undefined {
    const lua = textOf.get(sha)
    return lua !== undefined && this.#loaded.has(lua) ? known.get(lua) : undefined
  }

  clear(): void {
    this.#loaded.clear()
  }
}
