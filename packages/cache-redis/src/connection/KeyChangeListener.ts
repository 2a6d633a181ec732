/**
 * The interface by which a connection reports changed keys.
 *
 * @internal
 */

/** Hears which keys have changed, through this connection or by the server's invalidation messages. */
export interface KeyChangeListener {
  /** The server reports every change of a key that this connection reads from now on. */
  readonly begin: () => void
  /** The connection is lost, and with it all reports. */
  readonly end: () => void
  readonly keyChanged: (key: string) => void
  readonly everyKeyChanged: () => void
  /** A command that was written at this instant, on `performance`'s clock, has its reply: all earlier reports are in. */
  readonly proved: (writtenAt: number) => void
}
