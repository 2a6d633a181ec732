import { connect as connectTcp } from "node:net"
import { connect as connectTls } from "node:tls"

/** An error reply of the server, such as `NOAUTH Authentication required.` */
export class RedisReplyError extends Error {
  override readonly name = "RedisReplyError"
}

/**
 * Sends one command over a connection of its own and resolves with the text of the reply, which must be a simple
 * string, an integer or a bulk string. An error reply rejects with `RedisReplyError`; no connection, or no reply within
 * `timeoutMs` (10,000 unless given), with another `Error`.
 */
export const askRedis = (url: string, command: ReadonlyArray<string>, timeoutMs = 10_000): Promise<string> =>
  new Promise((resolve, reject) => {
    if (!URL.canParse(url)) throw new Error("The Redis URL cannot be read")
    const { protocol, hostname, port, username, password } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, "")
    const address = { host, port: Number(port || 6379) }
    const credentials = [username, password].filter((part) => part !== "").map(decodeURIComponent)
    const commands = credentials.length === 0 ? [command] : [["AUTH", ...credentials], command]

    const socket = protocol === "rediss:" ? connectTls({ ...address, servername: host }) : connectTcp(address)
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.on("error", reject)
    socket.on("close", () => {
      clearTimeout(timer)
      reject(new Error("the connection was closed before the reply"))
    })

    let received = Buffer.alloc(0)
    let awaited = commands.length
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk])
      for (let reply = readReply(received); reply !== undefined; reply = readReply(received)) {
        received = received.subarray(reply.length)
        awaited -= 1
        if (reply.isError) socket.destroy(new RedisReplyError(reply.text))
        else if (awaited === 0) {
          resolve(reply.text)
          socket.destroy()
        }
      }
    })
    socket.write(commands.map(encodeCommand).join(""))
  })

/** Reads the name and version of the server, such as `Redis 8.2.1`. */
export const serverVersion = async (url: string): Promise<string> => {
  const info = await askRedis(url, ["INFO", "server"], 5_000)
  const field = (name: string) => info.match(new RegExp(`^${name}:(\\S+)`, "m"))?.[1]
  const valkey = field("valkey_version")
  return valkey === undefined ? `Redis ${field("redis_version")}` : `Valkey ${valkey}`
}

const encodeCommand = (words: ReadonlyArray<string>): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`

interface Reply {
  readonly text: string
  readonly isError: boolean
  /** Bytes that the reply takes up. */
  readonly length: number
}

const readReply = (bytes: Buffer): Reply | undefined => {
  const lineEnd = bytes.indexOf("\r\n")
  if (lineEnd < 0) return undefined
  const kind = bytes.toString("latin1", 0, 1)
  const line = bytes.toString("utf8", 1, lineEnd)
  if (kind !== "$" || line === "-1") return { text: line, isError: kind === "-", length: lineEnd + 2 }
  const start = lineEnd + 2
  const end = start + Number(line)
  if (bytes.length < end + 2) return undefined
  return { text: bytes.toString("utf8", start, end), isError: false, length: end + 2 }
}
