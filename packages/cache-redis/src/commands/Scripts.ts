/**
 * What no single command does in one atomic step.
 *
 * Scripts run by EVALSHA; a server that does not know one says NOSCRIPT, has then done nothing, and is sent the text.
 *
 * @internal
 */

import { createHash } from "node:crypto"
import type { DriverFailure, DriverResult } from "@hexcache/cache-port"
import { Effect } from "effect"
import type { Command, CommandSender } from "./Command.ts"
import * as Reply from "./Reply.ts"
import * as ReplyError from "./ReplyError.ts"

/** A text, and the name by which a server that was told it knows it. */
interface Source {
  readonly lua: string
  readonly sha1: string
}

/** A script, and what its reply means. */
export interface Script<A> extends Omit<Command<A>, "args">, Source {}

const source = (lua: string): Source => ({ lua, sha1: createHash("sha1").update(lua).digest("hex") })

const script = <A>(decode: Reply.Decode<A>, lua: string): Script<A> => ({ ...source(lua), decode })

/**
 * KEYS: the counters. ARGV: an amount, and a time to live in milliseconds or nothing, for each of them or once for all.
 *
 * The server adds in 64 bits and answers a Lua number, a double: exact as long as it is a safe integer, and taken back
 * where it is not. Each answer is a text, the sum or an error, so that one counter's failure is no other's. Where already
 * the first is refused for what the server is, a replica or full, nothing was done.
 */
const increments = source(`
local answers = {}
for i = 1, #KEYS do
  local amount = ARGV[2 * i - 1] or ARGV[1]
  local ttl = ARGV[2 * i] or ARGV[2]
  local fresh = ttl ~= '' and redis.call('EXISTS', KEYS[i]) == 0
  local sum = redis.pcall('INCRBY', KEYS[i], amount)
  if type(sum) == 'table' then
    if string.find(sum.err, 'not an integer', 1, true) then
      answers[i] = 'WRONGTYPE not an integer'
    elseif string.find(sum.err, 'overflow', 1, true) then
      answers[i] = 'OUTOFRANGE overflow'
    elseif string.find(sum.err, '^%-?WRONGTYPE') then
      answers[i] = 'WRONGTYPE'
    elseif i == 1 then
      return sum
    else
      answers[i] = string.gsub(sum.err, '^%-', '')
    end
  elseif sum > 9007199254740991 or sum < -9007199254740991 then
    redis.call('DECRBY', KEYS[i], amount)
    answers[i] = 'OUTOFRANGE not a safe integer'
  else
    if fresh then redis.call('PEXPIRE', KEYS[i], ttl) end
    answers[i] = string.format('%.0f', sum)
  end
end
return answers`)

/** One addition: to which counter, how much, and for how long where the counter is new. */
export interface Step {
  readonly key: string
  readonly amount: number
  readonly ttl: number | undefined
}

const toSum = (reply: unknown): DriverResult<number> => {
  const told = Reply.text(reply) ?? ""
  return /^-?[0-9]/.test(told) ? Reply.digits(told) : ReplyError.fromText(told)
}

const areAlike = ([first, ...others]: ReadonlyArray<Step>): boolean =>
  others.every(({ amount, ttl }) => amount === first?.amount && ttl === first.ttl)

/** Additions in the order of `steps`, each with an answer of its own. */
export const increment = (steps: ReadonlyArray<Step>): ScriptCall<ReadonlyArray<DriverResult<number>>> => ({
  script: { ...increments, decode: Reply.list(steps.length, toSum) },
  keys: steps.map(({ key }) => key),
  args: (areAlike(steps) ? steps.slice(0, 1) : steps).flatMap(({ amount, ttl }) => [
    String(amount),
    ttl === undefined ? "" : String(ttl)
  ])
})

/** KEYS: the key. ARGV: the expected value. Another type of value is no match. */
export const compareAndDelete: Script<boolean> = script(
  Reply.flag,
  `
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' and not string.find(value.err, '^%-?WRONGTYPE') then return value end
if value == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`
)

/** KEYS: the key. Answers whether it is live. */
export const persist: Script<boolean> = script(
  Reply.flag,
  `
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])`
)

/** KEYS: the keys. ARGV: their values, and a time to live in milliseconds. */
const setAll = script(
  Reply.ok,
  `
local ttl = ARGV[#KEYS + 1]
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i], 'PX', ttl) end
return redis.status_reply('OK')`
)

/** Sets every value for so many milliseconds. */
export const setMany = (
  entries: ReadonlyArray<readonly [key: string, value: string]>,
  ttl: number
): ScriptCall<void> => ({
  script: setAll,
  keys: entries.map(([key]) => key),
  args: [...entries.map(([, value]) => value), String(ttl)]
})

/** KEYS: the keys. */
const readTimesToLive = source(`
local remaining = {}
for i = 1, #KEYS do remaining[i] = redis.call('PTTL', KEYS[i]) end
return remaining`)

/** What PTTL answers for each key. */
export const timesToLive = (keys: ReadonlyArray<string>): ScriptCall<ReadonlyArray<number>> => ({
  script: { ...readTimesToLive, decode: Reply.list(keys.length, Reply.integer), isRead: true },
  keys,
  args: []
})

/** Commands that make a server know every script, so that the first caller of one need not tell it. */
export const load: ReadonlyArray<ReadonlyArray<string>> = [
  increments,
  compareAndDelete,
  persist,
  setAll,
  readTimesToLive
].map(({ lua }) => ["SCRIPT", "LOAD", lua])

/** A script with what it is run on. */
export interface ScriptCall<A> {
  readonly script: Script<A>
  readonly keys: ReadonlyArray<string>
  readonly args: ReadonlyArray<string>
}

/** The command for a server that knows the script. */
export const command = <A>({ args, keys, script: { lua, sha1, ...meaning } }: ScriptCall<A>): Command<A> => ({
  ...meaning,
  weight: keys.length,
  args: ["EVALSHA", sha1, String(keys.length), ...keys, ...args]
})

/** The command for a server that said NOSCRIPT. */
export const telling = <A>({ args, keys, script: { lua, sha1, ...meaning } }: ScriptCall<A>): Command<A> => ({
  ...meaning,
  weight: keys.length,
  args: ["EVAL", lua, String(keys.length), ...keys, ...args]
})

/** Runs a script in one atomic step, by an instant on `performance`'s clock. */
export const run = <A>(sender: CommandSender, call: ScriptCall<A>, deadline: number): Effect.Effect<A, DriverFailure> =>
  Effect.catch(sender.send(command(call), deadline), (failure) =>
    failure.serverCode === "NOSCRIPT" ? sender.send(telling(call), deadline) : Effect.fail(failure)
  )
