/**
 * Look-ups of host names, at most one of each name under way.
 *
 * `dns.lookup` occupies one of the few threads that the whole process shares, cannot be cancelled, and keeps the process
 * alive. Attempts to connect that end before their look-up must not leave one behind each.
 *
 * @internal
 */
import { type LookupAddress, type LookupOptions, lookup as lookupByDns } from "node:dns"
import { isIP, type LookupFunction } from "node:net"
import { setTimeout } from "../platform/Platform.ts"

interface Result {
  readonly error: NodeJS.ErrnoException | null
  readonly addresses: ReadonlyArray<LookupAddress>
}

/** A look-up that is under way, or has just ended. */
interface Lookup {
  readonly waiting: Set<(result: Result) => void>
  /** Kept for a moment if no attempt was left to use it: the next one would begin the same look-up anew. */
  result: Result | undefined
}

/** The time for which a result without a waiting attempt is kept, in milliseconds. */
const keptFor = 1_000

/** By the function that looks up, then by name and kind of address. */
const lookups = new WeakMap<LookupFunction, Map<string, Lookup>>()

/** A `lookup` for one attempt to connect, which shares the look-up under way, and leaves it when the signal aborts. */
export const shared =
  (signal: AbortSignal, lookup: LookupFunction = lookupByDns): LookupFunction =>
  (hostname, options, callback) => {
    const { result, waiting } = find(lookup, hostname, options)
    const leave = () => waiting.delete(resume)
    const resume = ({ addresses, error }: Result) => {
      signal.removeEventListener("abort", leave)
      if (signal.aborted) return
      const [first] = addresses
      if (options.all === true) callback(error, [...addresses])
      else callback(error, first?.address ?? "", first?.family)
    }
    if (result !== undefined) {
      process.nextTick(resume, result)
      return
    }
    waiting.add(resume)
    signal.addEventListener("abort", leave, { once: true })
  }

const find = (lookup: LookupFunction, hostname: string, { family, hints, ...others }: LookupOptions): Lookup => {
  const known = lookups.get(lookup) ?? new Map<string, Lookup>()
  lookups.set(lookup, known)
  const name = `${hostname} ${family} ${hints}`
  const found = known.get(name)
  if (found !== undefined) return found
  const begun: Lookup = { waiting: new Set(), result: undefined }
  known.set(name, begun)
  const forget = () => {
    if (known.get(name) === begun) known.delete(name)
  }
  const end = (result: Result) => {
    if (result.error === null && begun.waiting.size === 0) {
      begun.result = result
      setTimeout(forget, keptFor).unref()
      return
    }
    forget()
    for (const resume of begun.waiting) resume(result)
    begun.waiting.clear()
  }
  // Never before the caller has joined, whatever the function does.
  const endSoon = (result: Result) => process.nextTick(end, result)
  try {
    lookup(hostname, { ...others, family, hints, all: true }, (error, found) => endSoon(resultOf(error, found)))
  } catch (thrown) {
    endSoon({ error: thrown as NodeJS.ErrnoException, addresses: [] })
  }
  return begun
}

/** Node ends the process on a result without address or error, and on one that it cannot read. */
const resultOf = (error: NodeJS.ErrnoException | null, found: unknown): Result => {
  if (error) return { error, addresses: [] }
  const addresses = toAddresses(found)
  return addresses.length > 0 ? { error: null, addresses } : { error: notFound(), addresses }
}

/** A function that ignores `all` returns one address, as a text. */
const toAddresses = (found: unknown): ReadonlyArray<LookupAddress> =>
  (Array.isArray(found) ? found : [{ address: found }]).flatMap((each) => {
    const address: unknown = each?.address
    const family = typeof address === "string" ? isIP(address) : 0
    return family === 0 ? [] : [{ address: address as string, family }]
  })

const notFound = () => Object.assign(new Error("no address was found"), { code: "ENOTFOUND" })
