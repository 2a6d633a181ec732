import { askRedis } from "@hexcache/redis-testkit"
import { Effect } from "effect"

/** How often the server has run each command since the last call. */
export const commandStats = (url: string) =>
  Effect.promise(async () => {
    const stats = await askRedis(url, ["INFO", "commandstats"])
    await askRedis(url, ["CONFIG", "RESETSTAT"])
    return (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  })
