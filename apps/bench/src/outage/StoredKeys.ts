import { askRedis } from "@hexcache/redis-testkit"
import { hotKey } from "./keys.ts"

/** The keys of a run as they stand in Redis, whatever a library puts around them. */
export class StoredKeys {
  /** Learns from the hot key what the library puts around a key. */
  static async learn(url: string): Promise<StoredKeys> {
    const key = await askRedis(url, ["EVAL", "return redis.call('KEYS', ARGV[1])[1]", "0", `*${hotKey}*`])
    return new StoredKeys(url, key)
  }

  readonly #url: string
  readonly #hotKey: string

  private constructor(url: string, storedHotKey: string) {
    this.#url = url
    this.#hotKey = storedHotKey
  }

  /** Writes a newer value of each key, as another client would, in one step. */
  async overwrite(keys: ReadonlyArray<string>): Promise<void> {
    await this.#eval(`for _, key in ipairs(KEYS) do redis.call('SET', key, '${newer}') end return 0`, keys)
  }

  /** Counts the keys that exist. */
  countExisting(keys: ReadonlyArray<string>): Promise<number> {
    return this.#eval("return #KEYS == 0 and 0 or redis.call('EXISTS', unpack(KEYS))", keys)
  }

  /** Counts the keys that do not hold the newer value any more. */
  countReplaced(keys: ReadonlyArray<string>): Promise<number> {
    const script = `
      local replaced = 0
      for _, key in ipairs(KEYS) do
        if redis.call('TYPE', key).ok ~= 'string' or redis.call('GET', key) ~= '${newer}' then replaced = replaced + 1 end
      end
      return replaced`
    return this.#eval(script, keys)
  }

  async #eval(script: string, keys: ReadonlyArray<string>): Promise<number> {
    const stored = keys.map((key) => this.#hotKey.replace(hotKey, key))
    return Number(await askRedis(this.#url, ["EVAL", script, `${stored.length}`, ...stored]))
  }
}

const newer = "a newer value"
