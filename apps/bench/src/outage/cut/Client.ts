/** The operations of a client of Redis that the table of cut connections calls. */
export interface Client {
  readonly get: (key: string) => Promise<string | null | undefined>
  readonly set: (key: string, value: string) => Promise<unknown>
  /** Adds one. */
  readonly increment: (key: string) => Promise<unknown>
}

/** A module that opens a client on its defaults. */
export interface ClientModule {
  readonly open: (url: string) => Promise<Client>
}
