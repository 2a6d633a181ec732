/**
 * Time, turns of the event loop and chance: all that differs from run to run, beside the data of sockets. Every module
 * imports them from here.
 *
 * These are the globals as of the first import. So a simulation replaces the globals before that and runs the whole
 * adapter by its own time, and timers that are faked later, in the tests of an application, stop no deadline. A socket is
 * opened by node-redis, which looks up `createConnection` in `node:net` and `connect` in `node:tls` each time.
 *
 * @internal
 */

export const {
  clearImmediate,
  clearTimeout,
  /** Its `now` is the clock of every deadline, in milliseconds. */
  performance,
  setImmediate,
  setTimeout
} = globalThis

/** From 0 to 1, without 1. */
export const { random } = Math

/** A text that occurs nowhere else. */
export const uniqueText = (): string => crypto.randomUUID()
