/**
 * The keys that a `Cached` uses in its store. All are in its namespace but those of tags, which belong to the cache:
 *
 * | key | holds |
 * |---|---|
 * | `user:<fingerprint>:{:<key>}` | an entry |
 * | `user:{:<key>}` | the generation of one key |
 * | `user:all` | the generation of all entries |
 * | `user:lease:<fingerprint>:<key>` | the owner of a lookup |
 * | `:tag:<tag>` | the generation of a tag |
 * | `:tags` | the watermark, which changes with every invalidation of a tag |
 *
 * The braces put an entry and its key's generation into one slot of a Cluster, so that one command reads or deletes both.
 *
 * @internal
 */
import { CacheKey } from "@hexcache/cache-port"
import type { CachedKey } from "./CachedTypes.ts"

/** The text of a key. */
export const textOf = (key: CachedKey): string =>
  typeof key === "object" ? key.map(CacheKey.encodePart).join(":") : CacheKey.encodePart(key)

/** No namespace of a `Cached` is empty, so that keys of tags are in none. */
export const watermarkKey = ":tags"
export const tagKey = (tag: string): string => `:tag:${CacheKey.encodePart(tag)}`
/** Matches the keys of all tags. */
export const tagPattern = ":tag:*"

/** Makes the store's keys for the texts of keys. */
export class StoreKeys {
  /** Holds the generation of all entries. */
  readonly all: string
  readonly #entry: string
  readonly #own: string
  readonly #lease: string

  constructor(namespace: string, fingerprint: string) {
    const prefix = CacheKey.encodePart(namespace)
    this.all = `${prefix}:all`
    this.#entry = `${prefix}:${fingerprint}:{:`
    this.#own = `${prefix}:{:`
    this.#lease = `${prefix}:lease:${fingerprint}:`
  }

  entry(text: string): string {
    return `${this.#entry}${text}}`
  }

  /** The same for every fingerprint, so that an invalidation reaches the entries of other versions. */
  own(text: string): string {
    return `${this.#own}${text}}`
  }

  lease(text: string): string {
    return this.#lease + text
  }
}
