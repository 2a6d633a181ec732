/**
 * The names under which a `Cached` keeps things in its cache, all of them in its namespace:
 *
 * | name | holds |
 * |---|---|
 * | `user:<fingerprint>:<key>` | an entry |
 * | `user:key:<key>` | the generation of one key; absent unless it was invalidated of late |
 * | `user:all` | the generation of every entry |
 * | `user:tag:<tag>` | the generation of a tag |
 * | `user:tags` | the id of the last invalidation of any tag |
 * | `user:lease:<fingerprint>:<key>` | who looks up a key |
 *
 * @internal
 */
import * as CacheKey from "../CacheKey.ts"

/** What a `Cached` makes a key's text of, by `CacheKey.make`. */
export type CachedKey =
  | CacheKey.CacheKeyPart
  | readonly [CacheKey.CacheKeyPart, ...ReadonlyArray<CacheKey.CacheKeyPart>]

/** The text of a key. */
export const textOf = (key: CachedKey): string =>
  typeof key === "object" ? key.map(CacheKey.encodePart).join(":") : CacheKey.encodePart(key)

export class Names {
  readonly all: string
  readonly tags: string
  readonly #entry: string
  readonly #own: string
  readonly #tag: string
  readonly #lease: string

  constructor(namespace: string, fingerprint: string) {
    const prefix = CacheKey.encodePart(namespace)
    this.all = `${prefix}:all`
    this.tags = `${prefix}:tags`
    this.#entry = `${prefix}:${fingerprint}:`
    this.#own = `${prefix}:key:`
    this.#tag = `${prefix}:tag:`
    this.#lease = `${prefix}:lease:${fingerprint}:`
  }

  /** Of a key's text. */
  entry(text: string): string {
    return this.#entry + text
  }

  /** Of a key's text. The same for every fingerprint, so that an invalidation reaches what other versions have kept. */
  own(text: string): string {
    return this.#own + text
  }

  tag(tag: string): string {
    return this.#tag + CacheKey.encodePart(tag)
  }

  /** Of a key's text. */
  lease(text: string): string {
    return this.#lease + text
  }
}
