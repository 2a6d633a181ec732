/**
 * Operations that no single command carries out in one atomic step.
 *
 * Scripts run by EVALSHA. A server that does not know one replies NOSCRIPT and has done nothing; the connection then sends
 * the text by EVAL.
 *
 * @internal
 */
import { createHash } from "node:crypto"
import type { DriverResult } from "@hexcache/cache-port"
import type { Command } from "./Command.ts"
import * as Reply from "./Reply.ts"
import * as ReplyError from "./ReplyError.ts"

/** The text of a script, and the hash by which a server knows it. */
interface Script {
  readonly lua: string
  readonly sha1: string
}

const toScript = (lua: string): Script => ({ lua, sha1: createHash("sha1").update(lua).digest("hex") })

const run = <A>(
  { lua, sha1 }: Script,
  decode: Command<A>["decode"],
  keys: ReadonlyArray<string>,
  args: ReadonlyArray<string>
): Command<A> => ({
  args: ["EVALSHA", sha1, String(keys.length), ...keys, ...args],
  decode,
  weight: keys.length,
  script: lua
})

/**
 * KEYS: the counters. ARGV: an amount, and a time to live in milliseconds or nothing, for each of them or once for all.
 *
 * The server adds in 64 bits and returns a Lua number, a double: exact as long as it is a safe integer, and undone where
 * it is not. Each result is a text, the sum or an error, so that the failure of one counter is no other's. A refusal of
 * the first one for the server's own state, a replica or full, means that nothing was done.
 */
const additions = toScript(`
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

const toSum = (reply: unknown): DriverResult<number> => {
  const text = Reply.text(reply) ?? ""
  return /^-?[0-9]/.test(text) ? Reply.digits(text) : ReplyError.fromText(text)
}

const decodeOneSum = Reply.list(1, toSum)

const decodeSum = (reply: unknown): DriverResult<number> => decodeOneSum(reply)[0] as DriverResult<number>

/** Adds to a counter, and sets the time to live of a new one. */
export const increment = (key: string, amount: number, ttl: number | undefined): Command<number> => ({
  args: ["EVALSHA", additions.sha1, "1", key, String(amount), ttl === undefined ? "" : String(ttl)],
  decode: decodeSum,
  script: additions.lua
})

/** True for a command of `increment`. */
export const isIncrement = (command: Command<unknown>): command is Command<number> => command.args[1] === additions.sha1

/** The counter of such a command. */
export const counterOf = ({ args }: Command<number>): string => args[3] as string

/** Commands of `increment` as one, with a result for each in their order. */
export const joinIncrements = (
  increments: ReadonlyArray<Command<number>>
): Command<ReadonlyArray<DriverResult<number>>> => {
  const keys: Array<string> = []
  const steps: Array<string> = []
  for (const { args } of increments) {
    keys.push(args[3] as string)
    steps.push(args[4] as string, args[5] as string)
  }
  const areAlike = steps.every((step, index) => step === steps[index % 2])
  return run(additions, Reply.list(keys.length, toSum), keys, areAlike ? steps.slice(0, 2) : steps)
}

/** KEYS: the key. ARGV: the expected value. Another type of value is no match. */
const deletion = toScript(`
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' and not string.find(value.err, '^%-?WRONGTYPE') then return value end
if value == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

/** Removes a key that holds the expected value. */
export const compareAndDelete = (key: string, expected: string): Command<boolean> =>
  run(deletion, Reply.flag, [key], [expected])

/** KEYS: the key. ARGV: the expected value, and a time to live in milliseconds or nothing. */
const renewal = toScript(`
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' and not string.find(value.err, '^%-?WRONGTYPE') then return value end
if value ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`)

/** Sets the time to live of a key that holds the expected value. */
export const compareAndExpire = (key: string, expected: string, ttl: number | undefined): Command<boolean> =>
  run(renewal, Reply.flag, [key], [expected, ttl === undefined ? "" : String(ttl)])

/** KEYS: the key. */
const persistence = toScript(`
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])`)

/** Removes a key's time to live. The result is true if the key is live. */
export const persist = (key: string): Command<boolean> => run(persistence, Reply.flag, [key], [])

/** KEYS: the keys. ARGV: their values, and a time to live in milliseconds. */
const settingOfAll = toScript(`
local ttl = ARGV[#KEYS + 1]
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i], 'PX', ttl) end
return redis.status_reply('OK')`)

/** Sets every value, with this time to live in milliseconds. */
export const setMany = (entries: ReadonlyArray<readonly [key: string, value: string]>, ttl: number): Command<void> =>
  run(
    settingOfAll,
    Reply.ok,
    entries.map(([key]) => key),
    [...entries.map(([, value]) => value), String(ttl)]
  )

/** KEYS: the keys. */
const readingOfTimesToLive = toScript(`
local remaining = {}
for i = 1, #KEYS do remaining[i] = redis.call('PTTL', KEYS[i]) end
return remaining`)

/** Reads the remaining time to live of each key, as PTTL returns it. */
export const timesToLive = (keys: ReadonlyArray<string>): Command<ReadonlyArray<number>> => ({
  ...run(readingOfTimesToLive, Reply.list(keys.length, Reply.integer), keys, []),
  isRead: true
})

/** Commands that load every script, so that the first caller of one costs a single round trip. */
export const load: ReadonlyArray<ReadonlyArray<string>> = [
  additions,
  deletion,
  renewal,
  persistence,
  settingOfAll,
  readingOfTimesToLive
].map(({ lua }) => ["SCRIPT", "LOAD", lua])
