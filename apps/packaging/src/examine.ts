import { equal, ok } from "node:assert/strict"
import { askRedis } from "@hexcache/redis-testkit"
import type { Project } from "./Project.ts"

/**
 * Examines an installed project: types, exports, the README's example on Redis, and its test and ours.
 * Resolves with what was seen, in words; rejects at the first thing that is wrong.
 */
export const examine = async (project: Project, redisUrl: string): Promise<string> => {
  await project.compile()
  const names = await project.start("imports")
  await examineExample(project, redisUrl)
  const tests = await project.test({ REDIS_URL: redisUrl })
  ok(tests > 0, "There were no tests")
  return `types; ${names}; the example on Redis; ${tests} tests`
}

/** Where the README's example keeps its greeting of Ada. */
const key = "greetings:greeting:Ada"

/** The example greets without its cache too, so what it wrote is looked for, and what it reads is not what it writes. */
const examineExample = async (project: Project, url: string): Promise<void> => {
  const greet = () => project.start("main", { REDIS_URL: url })
  await askRedis(url, ["DEL", key])
  equal(await greet(), "Hello, Ada!")
  equal(await askRedis(url, ["GET", key]), "Hello, Ada!")
  await askRedis(url, ["SET", key, "Welcome back, Ada!"])
  equal(await greet(), "Welcome back, Ada!")
}
