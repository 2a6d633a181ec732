/**
 * What no single command does in one atomic step.
 *
 * Scripts run by EVALSHA; a server that does not know one says NOSCRIPT, has then done nothing, and is sent the text.
 *
 * @internal
 */

import { createHash } from "node:crypto"
import type { DriverFailure } from "@hexcache/cache-port"
import { Effect } from "effect"
import type { Command, Commander } from "./Connection.ts"
import * as Reply from "./Reply.ts"

/** A script, the name by which the server knows it, and what its reply means. */
export interface Script<A> extends Omit<Command<A>, "args"> {
  readonly lua: string
  readonly sha1: string
}

const script = <A>(decode: Reply.Decode<A>, lua: string, read?: Command<A>["read"]): Script<A> => ({
  lua,
  sha1: createHash("sha1").update(lua).digest("hex"),
  decode,
  read
})

/**
 * KEYS: the counter. ARGV: amount, and a time to live in milliseconds or nothing.
 *
 * The server adds in 64 bits and answers a Lua number, a double: exact as long as it is a safe integer, and taken back
 * where it is not.
 */
export const increment: Script<number> = script(
  Reply.digits,
  `
local ttl = ARGV[2] ~= '' and redis.call('EXISTS', KEYS[1]) == 0
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) == 'table' then
  if string.find(sum.err, 'not an integer', 1, true) then return redis.error_reply('WRONGTYPE not an integer') end
  if string.find(sum.err, 'overflow', 1, true) then return redis.error_reply('OUTOFRANGE overflow') end
  return sum
end
if sum > 9007199254740991 or sum < -9007199254740991 then
  redis.call('DECRBY', KEYS[1], ARGV[1])
  return redis.error_reply('OUTOFRANGE not a safe integer')
end
if ttl then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return sum`,
  "numbersAsText"
)

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

/** KEYS: the keys. ARGV: their values, and a time to live in milliseconds or nothing. */
export const setMany: Script<void> = script(
  Reply.ok,
  `
local ttl = ARGV[#KEYS + 1]
for i = 1, #KEYS do
  if ttl == '' then redis.call('SET', KEYS[i], ARGV[i]) else redis.call('SET', KEYS[i], ARGV[i], 'PX', ttl) end
end
return redis.status_reply('OK')`
)

const readTimesToLive: Script<ReadonlyArray<number>> = {
  ...script(
    Reply.integers(0),
    `
local remaining = {}
for i = 1, #KEYS do remaining[i] = redis.call('PTTL', KEYS[i]) end
return remaining`
  ),
  isRead: true
}

/** KEYS: so many keys. Answers for each what PTTL does. */
export const timesToLive = (count: number): Script<ReadonlyArray<number>> => ({
  ...readTimesToLive,
  decode: Reply.integers(count)
})

/** Commands that make a server know every script, so that the first caller of one need not tell it. */
export const load: ReadonlyArray<ReadonlyArray<string>> = [
  increment,
  compareAndDelete,
  persist,
  setMany,
  readTimesToLive
].map(({ lua }) => ["SCRIPT", "LOAD", lua])

/** Runs a script in one atomic step, by an instant on `performance`'s clock. */
export const run = <A>(
  commander: Commander,
  { lua, sha1, ...meaning }: Script<A>,
  keys: ReadonlyArray<string>,
  args: ReadonlyArray<string>,
  deadline: number
): Effect.Effect<A, DriverFailure> => {
  const rest = [String(keys.length), ...keys, ...args]
  return Effect.catch(commander.send({ ...meaning, args: ["EVALSHA", sha1, ...rest] }, deadline), (failure) =>
    failure.serverCode === "NOSCRIPT"
      ? commander.send({ ...meaning, args: ["EVAL", lua, ...rest] }, deadline)
      : Effect.fail(failure)
  )
}
