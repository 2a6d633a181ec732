/**
 * The laws that no schedule may break: the promises of docs/cached.md.
 */

export const laws = {
  ownInvalidation: "In its own process no read that begins after an invalidation is over sees an older value.",
  otherInvalidation: "In another process no read that begins after an invalidation is over sees an older value.",
  handedOn: "A value is handed on to readers of its process only while it is looked up.",
  settled: "Once every invalidation is made good for, no read sees an older value.",
  refreshed: "No read that begins after a refresh is over sees a value older than the refresh gave.",
  ownKey: "A value is of the key that was asked for.",
  servedUntil:
    "No value is served after its time to live and the time for which it may be stale; of many, as they began to be read.",
  answered: "No call fails unless its own lookup does.",
  ends: "Every call ends.",
  unlocked: "A call that was interrupted keeps nobody waiting.",
  onceInProcess: "One process looks a key up once at a time.",
  onceUnderLease: "Processes with a lease look a key up once at a time.",
  closes: "A closed Cached leaves nothing behind."
} as const

export type Law = keyof typeof laws

export interface Violation {
  readonly law: Law
  readonly detail: string
}
