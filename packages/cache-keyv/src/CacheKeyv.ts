/**
 * Keyv's storage on a cache.
 */
import { EventEmitter } from "node:events"
import { CacheError, type CachePort } from "@hexcache/cache-port"
import { CachePromise } from "@hexcache/cache-promise"
import type { Layer } from "effect"

/** One of the entries that `setMany` writes, as Keyv hands them over. */
export interface CacheKeyvEntry {
  readonly key: string
  readonly value: string
  /** In milliseconds, as that of `set`. */
  readonly ttl?: number | undefined
}

/**
 * A storage adapter for Keyv 5 and 6, and by that for what stands on Keyv: cacheable, cache-manager, NestJS.
 *
 * No operation rejects. A cache that fails is an empty one that stores nothing: a read returns a miss, a write `false`,
 * and the `CacheError` goes to the `error` event, which Keyv passes on to its own listeners. Without a listener nobody
 * hears of it.
 *
 * Keyv's namespace is a namespace of the cache, and `clear` removes what is in it. Keyv gives its namespace to its
 * store, so that each Keyv needs a store of its own; many may stand on one cache.
 *
 * @example
 * ```ts
 * import Keyv from "keyv"
 *
 * const store = await CacheKeyv.open(CacheRedis.layer({ url, namespace: "shop" }))
 * const users = new Keyv({ store, namespace: "users" })
 * ```
 */
export class CacheKeyv extends EventEmitter {
  /**
   * Opens a cache for one Keyv, whose `disconnect` closes it. Rejects with the layer's failure; a server that is away
   * is no failure of the layer.
   */
  static async open(layer: Layer.Layer<CachePort, unknown>): Promise<CacheKeyv> {
    const store = new CacheKeyv(await CachePromise.open(layer))
    store.#isOwner = true
    return store
  }

  /** Tells Keyv 5 that this store iterates: Keyv decides that by the dialect, and knows Redis's. */
  opts: { readonly dialect: string; readonly url: string } = { dialect: "redis", url: "" }

  readonly #whole: CachePromise
  #part: CachePromise
  #namespace: string | undefined
  #isOwner = false

  /** Stores in a cache that others may use as well: `disconnect` leaves it open. */
  constructor(cache: CachePromise) {
    super()
    this.#whole = cache
    this.#part = cache
  }

  /** The namespace of Keyv, which sets it. */
  get namespace(): string | undefined {
    return this.#namespace
  }

  /** Keyv sets it, once. */
  set namespace(namespace: string | undefined) {
    this.#namespace = namespace
    this.#part = namespace ? this.#whole.namespaced(namespace) : this.#whole
  }

  /** The stored text. */
  async get(key: string): Promise<string | undefined> {
    return this.#attempt(this.#part.get(key), undefined)
  }

  /** The stored texts, in the order of the keys. */
  async getMany(keys: ReadonlyArray<string>): Promise<Array<string | undefined>> {
    const found = new Map<string, string | undefined>()
    await this.#batch(keys, async (some) => {
      for (const [key, value] of await this.#part.getMany(some)) found.set(key, value)
    })
    return keys.map((key) => found.get(key))
  }

  /** True if the key is live. */
  async has(key: string): Promise<boolean> {
    return this.#attempt(this.#part.exists(key), false)
  }

  /** For each key, in their order, true if it is live. */
  async hasMany(keys: ReadonlyArray<string>): Promise<Array<boolean>> {
    const found: Array<boolean> = []
    await forEachOf(keys, async (key, place) => {
      found[place] = await this.has(key)
    })
    return found
  }

  /**
   * Stores a text, which Keyv has made of a value. `ttl` is in milliseconds; without it, or with 0, the key never expires,
   * and with less than 0 it is removed. False when nothing was stored.
   */
  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    return this.#write(isOver(ttl) ? this.#part.delete(key) : this.#part.set(key, value, { ttl: lifeOf(ttl) }))
  }

  /** Stores entries, each as `set` does, those of one `ttl` together. The last of a repeated key wins. */
  async setMany(entries: ReadonlyArray<CacheKeyvEntry>): Promise<Array<boolean>> {
    const done = new Map<string, boolean>()
    const last = new Map(entries.map((entry) => [entry.key, entry]))
    const groups = Map.groupBy(last.values(), ({ ttl }) => ttl)
    await forEachOf(Array.from(groups), async ([ttl, group]) => {
      await this.#batch(group, async (some) => {
        await this.#store(some, ttl)
        for (const { key } of some) done.set(key, true)
      })
    })
    return entries.map(({ key }) => done.get(key) ?? false)
  }

  /** Removes a key. True when a live key was removed. */
  async delete(key: string): Promise<boolean> {
    return this.#attempt(this.#part.delete(key), false)
  }

  /** Removes keys. True when at least one was live. */
  async deleteMany(keys: ReadonlyArray<string>): Promise<boolean> {
    let isRemoved = false
    await this.#batch(keys, async (some) => {
      if ((await this.#part.deleteMany(some)) > 0) isRemoved = true
    })
    return isRemoved
  }

  /** Removes everything in the namespace of Keyv; without one, everything in that of the cache. */
  async clear(): Promise<void> {
    await this.#attempt(this.#part.flush(), undefined)
  }

  /** Every live key of the namespace with its text. Ends early when the cache fails. */
  async *iterator(): AsyncGenerator<[key: string, value: string], void, undefined> {
    const part = this.#part
    try {
      for await (const keys of pagesOf(part.scan("*"))) {
        for (const [key, value] of await part.getMany(keys)) if (value !== undefined) yield [key, value]
      }
    } catch (error) {
      this.#tell(error)
    }
  }

  /** Closes the cache that `open` opened. */
  async disconnect(): Promise<void> {
    if (this.#isOwner) await this.#whole.close()
  }

  #store(group: ReadonlyArray<CacheKeyvEntry>, ttl: number | undefined): Promise<unknown> {
    if (isOver(ttl)) return this.#part.deleteMany(group.map(({ key }) => key))
    const pairs = group.map(({ key, value }) => [key, value] as const)
    return this.#part.setMany(pairs, { ttl: lifeOf(ttl) })
  }

  /** Runs a batch; where the cache refuses one of many items, in halves, so that it refuses no other. */
  async #batch<I>(items: ReadonlyArray<I>, run: (items: ReadonlyArray<I>) => Promise<void>): Promise<void> {
    try {
      await run(items)
    } catch (error) {
      const isRefused = error instanceof CacheError && error.reason._tag === "InvalidArgument"
      if (!isRefused || items.length < 2) {
        this.#tell(error)
        return
      }
      const middle = Math.ceil(items.length / 2)
      await this.#batch(items.slice(0, middle), run)
      await this.#batch(items.slice(middle), run)
    }
  }

  #write(asked: Promise<unknown>): Promise<boolean> {
    const done = asked.then(() => true)
    return this.#attempt(done, false)
  }

  async #attempt<A>(asked: Promise<A>, otherwise: A): Promise<A> {
    try {
      return await asked
    } catch (error) {
      this.#tell(error)
      return otherwise
    }
  }

  #tell(error: unknown): void {
    if (this.listenerCount("error") === 0) return
    try {
      this.emit("error", error)
    } catch {
      // Keyv 6 listens and throws where nobody listens to it. That is no reason for the request to fail.
    }
  }
}

const isOver = (ttl: number | undefined): boolean => ttl !== undefined && ttl < 0

const lifeOf = (ttl: number | undefined): number | undefined => (ttl === 0 ? undefined : ttl)

/** Operations of one call that wait for the cache at a time, few beside the `maxPending` of any store. */
const operationsAtOnce = 32

/** Runs work on each item, on a few of them at a time. */
const forEachOf = async <A>(items: ReadonlyArray<A>, run: (item: A, place: number) => Promise<void>): Promise<void> => {
  // All that work take their next item from the same iterator.
  const left = items.entries()
  const work = async () => {
    for (const [place, item] of left) await run(item, place)
  }
  await Promise.all(Array.from({ length: Math.min(operationsAtOnce, items.length) }, work))
}

/** The number of keys in one read of an iteration. */
const pageSize = 100

async function* pagesOf(keys: AsyncIterable<string>): AsyncGenerator<ReadonlyArray<string>, void, undefined> {
  let page: Array<string> = []
  for await (const key of keys) {
    page.push(key)
    if (page.length < pageSize) continue
    yield page
    page = []
  }
  yield page
}
