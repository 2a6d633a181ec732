import { announce } from "./announce.ts"
import { serverVersion } from "./askRedis.ts"
import { RedisServer } from "./RedisServer.ts"
import { redactUrl } from "./redactUrl.ts"
import { isDockerEngineUp, startRedisContainer } from "./startRedisContainer.ts"

/** How a Redis came about: named by `REDIS_URL`, in a Docker container, or as a process of a server binary. */
export type RedisWay = "url" | "docker" | "binary"

/** A Redis that works. */
export interface FoundRedis {
  readonly url: string
  readonly way: RedisWay
  /** Ends what was started; leaves alone what ran before. */
  readonly stop: () => Promise<void>
}

/** Options of `findRedis`. */
export interface FindRedisOptions {
  /** The one way to try. All of them, in their order, unless given. */
  readonly only?: RedisWay | undefined
}

/**
 * Finds or brings a real Redis: the server that `REDIS_URL` names; else a process of the binary that `REDIS_SERVER`
 * names; else a container of `REDIS_IMAGE` (`redis:8-alpine` unless set); else a process of the `redis-server` or
 * `valkey-server` on the PATH, which on Debian or Ubuntu as root is installed when missing. Says on stderr which it
 * took. Rejects when every way fails, and when `REDIS_URL` or `REDIS_SERVER` is set and does not lead to a working
 * server.
 */
export const findRedis = async ({ only }: FindRedisOptions = {}): Promise<FoundRedis> => {
  const ways = only === undefined ? orderOfWays() : [only]
  const failures: Array<string> = []
  for (const way of ways) {
    try {
      return await take[way]()
    } catch (error) {
      failures.push(`${way}: ${messageOf(error)}`)
    }
  }
  throw new Error(`No Redis for the tests.\n${failures.map((failure) => `  ${failure}\n`).join("")}${help}`)
}

/** Whoever sets `REDIS_URL` or `REDIS_SERVER` wants that server and no other. */
const orderOfWays = (): ReadonlyArray<RedisWay> => {
  if (process.env.REDIS_URL) return ["url"]
  return process.env.REDIS_SERVER ? ["binary"] : ["docker", "binary"]
}

const take: Record<RedisWay, () => Promise<FoundRedis>> = {
  url: async () => {
    const url = process.env.REDIS_URL
    if (!url) throw new Error("REDIS_URL is not set")
    return sayTaken("REDIS_URL", { url, way: "url", stop: async () => {} })
  },

  docker: async () => {
    if (!(await isDockerEngineUp())) throw new Error("no Docker engine answers")
    const image = process.env.REDIS_IMAGE || "redis:8-alpine"
    try {
      return await sayTaken(`a container of ${image}`, { ...(await startRedisContainer(image)), way: "docker" })
    } catch (error) {
      announce(`the Docker engine gave no container of ${image}: ${messageOf(error)}`)
      throw error
    }
  },

  binary: async () => {
    const server = await RedisServer.start()
    return sayTaken("a process of its own", { url: server.url, way: "binary", stop: () => server.stop() })
  }
}

const sayTaken = async (from: string, redis: FoundRedis): Promise<FoundRedis> => {
  try {
    announce(`took ${from}: ${await serverVersion(redis.url)} at ${redactUrl(redis.url)}`)
    return redis
  } catch (error) {
    await redis.stop()
    throw error
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).trim()

const help = `Any one of these will do:
  1. REDIS_URL names a server that answers, such as redis://127.0.0.1:6379
  2. a Docker engine has, or can pull, redis:8-alpine or the image that REDIS_IMAGE names, and testcontainers' helper
     ryuk (TESTCONTAINERS_RYUK_DISABLED=true does without the helper)
  3. REDIS_SERVER names a server's binary, or redis-server or valkey-server is on the PATH
  4. Debian or Ubuntu as root, where apt-get can install redis-server`
