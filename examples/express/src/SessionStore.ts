import { CacheError, type CachePromise } from "@hexcache/cache-promise"
import { type SessionData, Store } from "express-session"

/** Sessions of Express in a cache. Each lives until it was not used for so many milliseconds. */
export class SessionStore extends Store {
  readonly #cache: CachePromise
  readonly #idle: number

  /** The cache must not fail open: a session that cannot be read is not a session that is over. */
  constructor(cache: CachePromise, idle: number) {
    super()
    this.#cache = cache
    this.#idle = idle
  }

  /** Reads a session, and gives it the whole time again. */
  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.#cache.getAndExpire(keyOf(id), this.#idle).then(
      (text) => callback(undefined, text === undefined ? null : JSON.parse(text)),
      (error) => callback(error)
    )
  }

  set(id: string, session: SessionData, callback: (error?: unknown) => void = () => {}): void {
    this.#cache.setJson(keyOf(id), session, { ttl: this.#idle }).then(() => callback(), callback)
  }

  /** Fails where the session may go on: whoever logs out must know. */
  destroy(id: string, callback: (error?: unknown) => void = () => {}): void {
    this.#cache.delete(keyOf(id)).then(() => callback(), callback)
  }

  /** Does nothing: `get` has given the session its time. */
  override touch(_id: string, _session: SessionData, callback: () => void = () => {}): void {
    callback()
  }
}

const keyOf = (id: string) => `session:${id}`

export const isOutage = (error: unknown): boolean => error instanceof CacheError && error.isRetryable
