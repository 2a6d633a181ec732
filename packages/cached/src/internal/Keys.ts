/**
 * The names under which a `Cached` keeps things in its cache, all of them in its namespace but those of tags, which belong
 * to the cache:
 *
 * | name | holds |
 * |---|---|
 * | `user:<fingerprint>:{:<key>}` | an entry |
 * | `user:{:<key>}` | the generation of one key |
 * | `user:all` | the generation of every entry |
 * | `user:lease:<fingerprint>:<key>` | who looks up a key |
 * | `:tag:<tag>` | the generation of a tag |
 * | `:tags` | an id that changes with every invalidation of a tag |
 *
 * On a Cluster an entry and its key's generation share a slot by the braces, so that they are read by one command and taken
 * away by one.
 *
 * @internal
 */
import { CacheKey } from "@hexcache/cache-port"

/** What a `Cached` makes a key's text of, by `CacheKey.make`. */
export type CachedKey =
  | CacheKey.CacheKeyPart
  | readonly [CacheKey.CacheKeyPart, ...ReadonlyArray<CacheKey.CacheKeyPart>]

/** The text of a key. */
export const textOf = (key: CachedKey): string =>
  typeof key === "object" ? key.map(CacheKey.encodePart).join(":") : CacheKey.encodePart(key)

/** No namespace of a `Cached` is empty, so that these are no names of any. */
export const tagWatermark = ":tags"
export const tagName = (tag: string): string => `:tag:${CacheKey.encodePart(tag)}`

export class Names {
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

  /** Of a key's text. */
  entry(text: string): string {
    return `${this.#entry}${text}}`
  }

  /** Of a key's text. The same for every fingerprint, so that an invalidation reaches what other versions have kept. */
  own(text: string): string {
    return `${this.#own}${text}}`
  }

  /** Of a key's text. */
  lease(text: string): string {
    return this.#lease + text
  }
}
