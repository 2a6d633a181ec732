import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { afterEach, expect, test, vi } from "vitest"
import { askRedis } from "../src/askRedis.ts"
import { RedisServer } from "../src/RedisServer.ts"

const started: Array<RedisServer> = []

const startServer = async (options?: Parameters<typeof RedisServer.start>[0]): Promise<RedisServer> => {
  const server = await RedisServer.start(options)
  started.push(server)
  return server
}

const ping = (server: RedisServer): Promise<string> => askRedis(server.url, ["PING"])

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
})

test("a started server answers", async () => {
  const server = await startServer()
  expect(await ping(server)).toBe("PONG")
})

test("a frozen server does not answer until it is thawed", async () => {
  const server = await startServer()
  server.freeze()
  await expect(askRedis(server.url, ["PING"], 200)).rejects.toThrow("no answer within 200 ms")
  server.thaw()
  expect(await ping(server)).toBe("PONG")
})

test("a killed server refuses connections; restarted, it is empty and on the same port", async () => {
  const server = await startServer()
  const { pid } = server
  await askRedis(server.url, ["SET", "key", "value"])
  await server.kill()
  expect(isRunning(pid)).toBe(false)
  await expect(ping(server)).rejects.toThrow("ECONNREFUSED")
  await server.restart()
  expect(server.pid).not.toBe(pid)
  expect(await askRedis(server.url, ["EXISTS", "key"])).toBe("0")
})

test("a frozen server can be restarted", async () => {
  const server = await startServer()
  server.freeze()
  await server.restart()
  expect(await ping(server)).toBe("PONG")
})

test("a frozen server can be stopped, and leaves no process and no files", async () => {
  const server = await startServer({ config: "" })
  const configFile = (await askRedis(server.url, ["INFO", "server"])).match(/^config_file:(.+)\r$/m)?.[1] ?? ""
  expect(existsSync(configFile)).toBe(true)
  server.freeze()
  await server.stop()
  await server.stop()
  expect(isRunning(server.pid)).toBe(false)
  expect(existsSync(configFile)).toBe(false)
})

test.each(["process.exit()", 'process.kill(process.pid, "SIGTERM")'])(
  "a server that nobody stopped ends with its process: %s",
  async (ending) => {
    const script = `
      const { RedisServer } = await import(${JSON.stringify(new URL("../src/RedisServer.ts", import.meta.url).href)})
      const server = await RedisServer.start()
      server.freeze()
      process.stdout.write(server.url, () => ${ending})`
    const owner = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" })
    expect(owner.stdout).toMatch(/^redis:/)
    const isGone = () => expect(askRedis(owner.stdout, ["PING"], 200)).rejects.toThrow("ECONNREFUSED")
    await vi.waitFor(isGone, { timeout: 60_000 })
  }
)

test("arguments reach the server, and a refusal counts as started", async () => {
  const server = await startServer({ args: ["--requirepass", "hunter2"] })
  await expect(ping(server)).rejects.toThrow("NOAUTH")
  expect(await askRedis(`redis://:hunter2@127.0.0.1:${server.port}`, ["PING"])).toBe("PONG")
})

test("a server that cannot start fails with what it printed", async () => {
  await expect(startServer({ args: ["--no-such-option", "1"] })).rejects.toThrow("no-such-option")
})

test("a server whose port another one has fails, and is not taken for that one", async () => {
  const { port } = await startServer()
  await expect(startServer({ port })).rejects.toThrow("Address already in use")
})

test("a configuration file makes a sentinel", async () => {
  const master = await startServer()
  const sentinel = await startServer({
    config: `sentinel monitor primary 127.0.0.1 ${master.port} 1\n`,
    args: ["--sentinel"]
  })
  expect(await askRedis(sentinel.url, ["INFO", "sentinel"])).toContain("name=primary")
})
