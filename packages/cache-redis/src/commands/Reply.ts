/**
 * Decoders of replies. A reply of an unexpected type means that the connection cannot be trusted.
 *
 * @internal
 */

/** Thrown by a decoder; carries nothing of the reply. */
export class UnexpectedReply extends Error {}

const unexpected = (): never => {
  throw new UnexpectedReply("unexpected type of reply")
}

/** A status is read as bytes, a text as a string. */
const isStatus = (reply: unknown, status: Buffer): boolean => Buffer.isBuffer(reply) && reply.equals(status)

const statusOk = Buffer.from("OK")
const statusPong = Buffer.from("PONG")

/** Turns a reply of node-redis into a value that does not hold on to it, or throws `UnexpectedReply`. */
export type Decode<A> = (reply: unknown) => A

export const text: Decode<string | undefined> = (reply) =>
  typeof reply === "string" ? reply : reply === null ? undefined : unexpected()

export const integer: Decode<number> = (reply) => (typeof reply === "number" ? reply : unexpected())

/** A number that was read as text, so that no digit is lost. */
export const digits: Decode<number> = (reply) =>
  typeof reply === "string" && /^-?[0-9]+$/.test(reply) ? Number(reply) : unexpected()

export const flag: Decode<boolean> = (reply) => integer(reply) === 1

export const ok: Decode<void> = (reply) => (isStatus(reply, statusOk) ? undefined : unexpected())

/** 1, the reply of an MSETEX that has set everything. */
export const wasSet: Decode<void> = (reply) => (reply === 1 ? undefined : unexpected())

/** `OK` or nothing, the replies of `SET … NX`. */
export const okOrNothing: Decode<boolean> = (reply) =>
  isStatus(reply, statusOk) ? true : reply === null ? false : unexpected()

export const pong: Decode<void> = (reply) => (isStatus(reply, statusPong) ? undefined : unexpected())

/** A list of exactly this length. */
export const list =
  <A>(length: number, decode: Decode<A>): Decode<ReadonlyArray<A>> =>
  (reply) =>
    Array.isArray(reply) && reply.length === length ? reply.map(decode) : unexpected()

export const texts = (length: number): Decode<ReadonlyArray<string | undefined>> => list(length, text)

/** A page of SCAN, as bytes, so that keys that are not UTF-8 show: they belong to others. */
export interface Page {
  readonly cursor: string
  readonly keys: ReadonlyArray<Buffer>
}

export const page: Decode<Page> = (reply) => {
  if (!Array.isArray(reply) || reply.length !== 2) return unexpected()
  const [cursor, keys] = reply
  if (!Buffer.isBuffer(cursor) || !Array.isArray(keys) || !keys.every(Buffer.isBuffer)) return unexpected()
  return { cursor: cursor.toString(), keys }
}

/** Consecutive slots and their nodes, the master first. */
export interface SlotRange {
  readonly first: number
  readonly last: number
  readonly nodes: ReadonlyArray<{ readonly host: string; readonly port: number }>
}

/** CLUSTER SLOTS: https://redis.io/docs/latest/commands/cluster-slots/ */
export const slotRanges: Decode<ReadonlyArray<SlotRange>> = (reply) =>
  array(reply).map((range) => {
    const [first, last, ...nodes] = array(range)
    return {
      first: integer(first),
      last: integer(last),
      nodes: nodes.map((node) => {
        const [name, port, , metadata] = array(node)
        const host = text(name) ?? ""
        return { host: host === nameless ? addressIn(metadata) : host, port: integer(port) }
      })
    }
  })

/** Stands for the host of a node that is to be reached by a name, and has announced none. */
export const nameless = "?"

/** The address of a nameless node, among the names and values behind its other fields; empty where there is none. */
const addressIn = (metadata: unknown): string => {
  const fields = Array.isArray(metadata) ? metadata : []
  const address: unknown = fields[fields.indexOf("ip") + 1]
  return fields.includes("ip") && typeof address === "string" ? address : ""
}

const array = (reply: unknown): ReadonlyArray<unknown> => (Array.isArray(reply) ? reply : unexpected())
