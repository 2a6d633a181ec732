/** The table of replies and socket errors, and the reasons they become. */

import { inspect } from "node:util"
import { ErrorReply } from "@redis/client"
import { assert, describe, it } from "vitest"
import * as ReplyError from "../../src/commands/ReplyError.ts"

const canary = "canary-7f3a"

const replies: ReadonlyArray<readonly [reply: string, reason: string, code: string]> = [
  ["LOADING Redis is loading the dataset in memory", "Unavailable", "LOADING"],
  ["READONLY You can't write against a read only replica.", "Unavailable", "READONLY"],
  ["MASTERDOWN Link with MASTER is down", "Unavailable", "MASTERDOWN"],
  ["CLUSTERDOWN The cluster is down", "Unavailable", "CLUSTERDOWN"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "Unavailable", "TRYAGAIN"],
  ["BUSY Redis is busy running a script.", "Unavailable", "BUSY"],
  ["MISCONF Redis is configured to save RDB snapshots", "Unavailable", "MISCONF"],
  ["NOREPLICAS Not enough good replicas to write.", "Unavailable", "NOREPLICAS"],
  ["NOAUTH Authentication required.", "AccessDenied", "NOAUTH"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "AccessDenied", "WRONGPASS"],
  [`NOPERM this user has no permissions to access the '${canary}' key`, "AccessDenied", "NOPERM"],
  ["DENIED Redis is running in protected mode", "AccessDenied", "DENIED"],
  ["ERR AUTH <password> called without any password configured for the default user.", "AccessDenied", "ERR"],
  ["ERR Client sent AUTH, but no password is set", "AccessDenied", "ERR"],
  ["ERR This instance has cluster support disabled", "Unavailable", "ERR"],
  [`ERR unknown command 'SENTINEL', with args beginning with: 'MASTER' '${canary}'`, "Unavailable", "ERR"],
  [`ERR unknown command \`SENTINEL\`, with args beginning with: \`MASTER\` \`${canary}\``, "Unavailable", "ERR"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "OutOfMemory", "OOM"],
  ["ERR max number of clients reached", "OutOfMemory", "ERR"],
  ["ERR max number of clients + cluster connections reached", "OutOfMemory", "ERR"],
  ["ERR DB index is out of range", "AccessDenied", "ERR"],
  ["ERR invalid DB index", "AccessDenied", "ERR"],
  ["ERR The user executing the script can't run this command or subcommand", "AccessDenied", "ERR"],
  ["ERR ACL failure in script: User shop has no permissions to run the 'incrby' command", "AccessDenied", "ERR"],
  ["@user_script: 3: -OOM command not allowed when used memory > 'maxmemory'.", "OutOfMemory", "OOM"],
  ["@user_script: 3: The user executing the script can't run this command or subcommand", "AccessDenied", "ERR"],
  [
    "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: The user executing the script can't run it",
    "AccessDenied",
    "ERR"
  ],
  ["ERR unknown command 'X', with args beginning with: '@user_script: 1: -OOM '", "Unknown", "ERR"],
  [
    "ERR Error running script (call to f_1): @user_script:2: @user_script: 2: -READONLY replica.",
    "Unavailable",
    "READONLY"
  ],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "WrongType", "WRONGTYPE"],
  ["OUTOFRANGE not a safe integer", "OutOfRange", "OUTOFRANGE"],
  [`ERR unknown command 'X', with args beginning with: '${canary}'`, "Unknown", "ERR"],
  [`${canary}`, "Unknown", "ERR"],
  ["upstream failure", "Unknown", "ERR"],
  ["\u0001+OK", "Unknown", "ERR"],
  ["", "Unknown", "ERR"]
]

/** Refusals of rights, as servers from Redis 6.2 on word them, and the message of each. */
const refusedRights: ReadonlyArray<readonly [reply: string, message: string]> = [
  ["NOPERM this user has no permissions to run the 'get' command or its subcommand", "run GET (NOPERM)"],
  ["NOPERM this user has no permissions to run the 'client|tracking' command", "run CLIENT TRACKING (NOPERM)"],
  ["NOPERM User it's has no permissions to run the 'script|load' command", "run SCRIPT LOAD (NOPERM)"],
  ["NOPERM this user has no permissions to access one of the keys used as arguments", "touch this key (NOPERM)"],
  ["NOPERM No permissions to access a key", "touch this key (NOPERM)"],
  ["NOPERM this user has no permissions to access one of the channels used as arguments", "use this channel (NOPERM)"],
  ["NOPERM No permissions to access a channel", "use this channel (NOPERM)"],
  [`NOPERM User shop has no permissions to access the '${canary}' key`, "run this command or touch this key (NOPERM)"],
  [`NOPERM permissions to run the '${canary}' command`, "run this command or touch this key (NOPERM)"],
  [
    "ERR ACL failure in script: User shop has no permissions to run the 'incrby' command script: f00, on @user_script:5.",
    "run INCRBY in a script (ERR)"
  ]
]

const socketErrors: ReadonlyArray<readonly [code: string, reason: string]> = [
  ["ECONNREFUSED", "Unavailable"],
  ["ECONNRESET", "Unavailable"],
  ["ETIMEDOUT", "Unavailable"],
  ["ENOTFOUND", "Unavailable"],
  ["EPIPE", "Unavailable"],
  ["CERT_HAS_EXPIRED", "AccessDenied"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "AccessDenied"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "AccessDenied"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "AccessDenied"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "AccessDenied"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "AccessDenied"]
]

describe("ReplyError", () => {
  it.each(replies)("%s is %s", (reply, reason, code) => {
    for (const failure of [
      ReplyError.fromCommand(new ErrorReply(reply), true),
      ReplyError.fromConnect(new ErrorReply(reply))
    ]) {
      assert.strictEqual(failure.reason._tag, reason)
      assert.strictEqual(failure.serverCode, code)
      assert.notInclude(inspect(failure, { depth: 9, showHidden: true }), canary)
    }
    const hasCode = /^[A-Z@]/.test(reply)
    assert.strictEqual(ReplyError.fromCommand(new ErrorReply(reply), true).outcome, hasCode ? "NotExecuted" : "Unknown")
    assert.strictEqual(ReplyError.fromConnect(new ErrorReply(reply)).outcome, "NotExecuted")
  })

  it.each(refusedRights)("%s names the right that is missing, and nothing else", (reply, message) => {
    const failure = ReplyError.fromCommand(new ErrorReply(reply), true)
    assert.strictEqual(failure.reason._tag, "AccessDenied")
    assert.strictEqual(failure.reason.message, `the user may not ${message}`)
  })

  it.each(socketErrors)("%s while connecting is %s", (code, reason) => {
    const failure = ReplyError.fromConnect(Object.assign(new Error(`connect ${code} ${canary}`), { code }))
    assert.strictEqual(failure.reason._tag, reason)
    assert.include(failure.reason.message, code)
    assert.isUndefined(failure.serverCode)
    assert.notInclude(inspect(failure, { depth: 9, showHidden: true }), canary)
  })

  it("a connection that breaks leaves unknown what was sent, and undone what was not", () => {
    const error = new Error("Socket closed unexpectedly")
    assert.deepInclude(ReplyError.fromCommand(error, true), { outcome: "Unknown" })
    assert.strictEqual(ReplyError.fromCommand(error, true).reason._tag, "ConnectionLost")
    assert.deepInclude(ReplyError.fromCommand(error, false), { outcome: "NotExecuted" })
    assert.strictEqual(ReplyError.fromCommand(error, false).reason._tag, "Unavailable")
  })
})
