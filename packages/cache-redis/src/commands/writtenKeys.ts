/**
 * The keys that a command may change.
 *
 * @internal
 */
import type { Command, RedisKey } from "./Command.ts"

/** The keys that a command of the driver may change, or every key. */
export const writtenKeys = ({
  args,
  isRead
}: Pick<Command<unknown>, "args" | "isRead">): ReadonlyArray<RedisKey> | "every key" => {
  switch (args[0]) {
    case "GET":
    case "MGET":
    case "EXISTS":
    case "PTTL":
    case "SCAN":
    case "PING":
      return []
    case "EVAL":
    case "EVALSHA":
      return isRead === true ? [] : args.slice(3, 3 + Number(args[2]))
    case "MSET":
      return args.filter((_, index) => index % 2 === 1)
    case "MSETEX":
      return args.slice(2, 2 + 2 * Number(args[1])).filter((_, index) => index % 2 === 0)
    case "UNLINK":
      return args.slice(1)
    case "FLUSHDB":
      return "every key"
    default:
      return args.slice(1, 2)
  }
}
