/** Redis's protocol on the server's side: commands are read, replies written. */

/** A reply, written as the protocol of its connection has it. */
export type Reply =
  | string
  | number
  | undefined
  | Status
  | Failure
  | ReadonlyArray<Reply>
  | ReadonlyMap<string, Reply>
  | Push
  | Replies

export class Status {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export class Failure {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A message that no command has asked for. */
export class Push {
  readonly parts: ReadonlyArray<Reply>
  constructor(parts: ReadonlyArray<Reply>) {
    this.parts = parts
  }
}

/** Replies that one command has together. */
export class Replies {
  readonly all: ReadonlyArray<Reply>
  constructor(all: ReadonlyArray<Reply>) {
    this.all = all
  }
}

export const ok = new Status("OK")

export const encode = (reply: Reply, protocol: 2 | 3): string => {
  if (reply === undefined) return protocol === 3 ? "_\r\n" : "$-1\r\n"
  if (typeof reply === "string") return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`
  if (typeof reply === "number") return `:${reply}\r\n`
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (reply instanceof Failure) return `-${reply.text}\r\n`
  const all = (replies: ReadonlyArray<Reply>) => replies.map((each) => encode(each, protocol)).join("")
  if (reply instanceof Replies) return all(reply.all)
  if (reply instanceof Push) return `${protocol === 3 ? ">" : "*"}${reply.parts.length}\r\n${all(reply.parts)}`
  if (reply instanceof Map) {
    return `${protocol === 3 ? `%${reply.size}` : `*${2 * reply.size}`}\r\n${all([...reply].flat())}`
  }
  const items = reply as ReadonlyArray<Reply>
  return `*${items.length}\r\n${all(items)}`
}

/** Reads commands from bytes as they come. */
export class CommandReader {
  #rest = ""

  /** The commands that are complete by now. Bytes are read as Latin 1, so that their lengths are those of texts. */
  read(bytes: Buffer): ReadonlyArray<ReadonlyArray<string>> {
    const text = this.#rest + bytes.toString("latin1")
    const commands: Array<ReadonlyArray<string>> = []
    let place = 0
    reading: while (place < text.length) {
      let at = place
      const number = (type: string): number | undefined => {
        const end = text.indexOf("\r\n", at)
        if (end === -1) return undefined
        if (text[at] !== type) throw new Error(`expected ${type} in a command`)
        const found = Number(text.slice(at + 1, end))
        at = end + 2
        return found
      }
      const count = number("*")
      if (count === undefined) break
      const args: Array<string> = []
      for (let index = 0; index < count; index++) {
        const length = number("$")
        if (length === undefined || text.length < at + length + 2) break reading
        args.push(utf8(text.slice(at, at + length)))
        at += length + 2
      }
      commands.push(args)
      place = at
    }
    this.#rest = text.slice(place)
    return commands
  }
}

const utf8 = (latin1: string): string =>
  /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, "latin1").toString() : latin1
