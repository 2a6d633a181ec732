import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** A Redis in a container that testcontainers started. */
export interface RedisContainer {
  readonly url: string
  /** Ends and removes the container. */
  readonly stop: () => Promise<void>
}

/** True if a Docker engine responds, within three seconds; the client alone, without an engine, does not count. */
export const isDockerEngineUp = async (): Promise<boolean> => {
  try {
    await promisify(execFile)("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 3_000 })
    return true
  } catch {
    return false
  }
}

/**
 * Starts a container of `image` and resolves when its Redis accepts connections. Rejects when the engine neither has
 * nor can pull the image, or testcontainers' own helper image `ryuk` (`TESTCONTAINERS_RYUK_DISABLED=true` goes without).
 *
 * The image needs no shell. Protected mode is off because a bare image refuses every connection from outside otherwise.
 */
export const startRedisContainer = async (image: string): Promise<RedisContainer> => {
  const { GenericContainer, Wait } = await import("testcontainers")
  const container = await new GenericContainer(image)
    .withCommand(["redis-server", "--protected-mode", "no", "--save", ""])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage("Ready to accept connections"))
    .start()
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => {
      await container.stop()
    }
  }
}
