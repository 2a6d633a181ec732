/**
 * The failure of an operation, for a reader who has to find its cause.
 */
import type { CacheError } from "@hexcache/cache-port"

/**
 * The message of an error, with the server's code. Where the reason is `Unknown`, the place follows where the driver made
 * it: it has no name for the failure yet.
 */
export const describeError = ({ message, reason, serverCode }: CacheError): string => {
  const [, frame] = reason._tag === "Unknown" ? (/\n\s+(at .*)/.exec(reason.stack ?? "") ?? []) : []
  return [
    message,
    ...(serverCode === undefined ? [] : [`with the server's code ${serverCode}`]),
    ...(frame === undefined ? [] : [frame])
  ].join(" ")
}
