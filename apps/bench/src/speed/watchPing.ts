import { once } from "node:events"
import { connect } from "node:net"

/** Between an answer and the next PING, in milliseconds. */
const pause = 1

/** Sends one PING after another on a connection of its own, and tells the longest wait for an answer. */
export const watchPing = async (url: string) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, "connect")
  socket.setNoDelay(true)
  let longest = 0
  let sentAt = 0
  let timer: NodeJS.Timeout | undefined
  const ping = () => {
    sentAt = performance.now()
    socket.write("PING\r\n")
  }
  socket.on("data", () => {
    longest = Math.max(longest, performance.now() - sentAt)
    timer = setTimeout(ping, pause)
  })
  ping()
  return {
    end: (): Readonly<Record<string, number>> => {
      clearTimeout(timer)
      socket.destroy()
      return { "longest PING, ms": longest }
    }
  }
}
