/** The operations of a cache that the outage table uses. */
export interface Cache {
  /** The stored text; nothing when the cache says that there is none. */
  readonly get: (key: string) => Promise<string | null | undefined>
  /** `false` when the cache says that nothing was stored. `givenUp` is for callers who can take a call back. */
  readonly set: (key: string, value: string, givenUp?: AbortSignal) => Promise<unknown>
  /** The way to close it that its documentation names. */
  readonly close: () => Promise<unknown>
}

/** A module that opens one library's cache as that library's documentation first shows it, on its defaults. */
export interface Adapter {
  readonly open: (url: string) => Promise<Cache>
}
