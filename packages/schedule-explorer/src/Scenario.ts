/**
 * Scenarios: what simulated processes do, and what may go wrong meanwhile.
 */
import type { Duration } from "effect"

/** An outcome other than that an operation is carried out and answered; each costs one of a scenario's faults. */
export type Fault =
  /** An operation fails, and is not carried out. */
  | "refuse"
  /** The same of reads alone. */
  | "refuseRead"
  /** The same of deletes alone, by which keys are invalidated. */
  | "refuseDelete"
  /** A write is carried out, and fails for its caller. */
  | "lose"
  /** A write fails for its caller, and may be carried out at any later time. */
  | "timeout"
  /** A key of the store is evicted. */
  | "evict"
  /** The store restarts with nothing in it. */
  | "empty"
  /** The store goes back to what it held when the schedule began, as one that starts from its snapshot does. */
  | "goBack"
  /** A process ends without a word, its memory gone. */
  | "end"
  /** A caller is interrupted. */
  | "cancel"
  /** A lookup fails. */
  | "fail"

/** One use of a `Cached`. Those that change begin with the source of truth: its keys get a new version each. */
export interface Call {
  readonly kind:
    | "get"
    | "getOption"
    | "getBatched"
    | "getMany"
    | "refresh"
    | "set"
    | "expire"
    | "invalidate"
    | "invalidateTag"
    | "invalidateAll"
  /** The keys that are read, or changed in the source of truth. */
  readonly keys: ReadonlyArray<string>
  readonly tag?: string
  /** Which of the scenario's `cached`; "main" unless given. */
  readonly on: string
}

const call =
  (kind: Call["kind"]) =>
  (...keys: ReadonlyArray<string>): Call => ({ kind, keys, on: "main" })

export const get = call("get")
/** Reads a key, and looks nothing up. */
export const getOption = call("getOption")
export const getBatched = call("getBatched")
export const getMany = call("getMany")
export const refresh = call("refresh")
/** Changes the source of truth, and sets the new value. */
export const set = call("set")
/** Changes the source of truth, and invalidates the key. */
export const change = call("invalidate")
/** Changes the source of truth, and expires the key. */
export const expire = call("expire")
/** Changes the source of truth, and invalidates everything. */
export const changeAll = call("invalidateAll")
/** Changes keys in the source of truth, and invalidates a tag of theirs. */
export const changeTag = (tag: string, ...keys: ReadonlyArray<string>): Call => ({
  kind: "invalidateTag",
  keys,
  tag,
  on: "main"
})
/** The same call of another `Cached` of the scenario. */
export const on = (name: string, call: Call): Call => ({ ...call, on: name })

/** The options of a `Cached`, where they are not the same in every scenario. */
export interface Definition {
  /** Milliseconds, as all of the times here. A minute unless given. */
  readonly ttl?: number
  readonly staleFor?: number
  readonly negativeTtl?: Duration.Input
  readonly lease?: number
  readonly softLookupTimeout?: number
  readonly lookupTimeout?: number
  readonly refreshAhead?: number
  /** True for a `lookupMany` beside the `lookup`. */
  readonly isBatched?: boolean
  readonly tags?: (key: string, version: number) => ReadonlyArray<string>
  /** Another shape of the same values, and so another fingerprint. */
  readonly isOtherSchema?: boolean
}

export interface Scenario {
  readonly name: string
  /** By name. "main" is one with the usual options unless given. */
  readonly cached?: Readonly<Record<string, Definition>>
  /** The calls of each process, one after the other, in threads side by side. */
  readonly processes: Readonly<Record<string, ReadonlyArray<ReadonlyArray<Call>>>>
  /** Keys that are cached already, by the `cached` of this name. */
  readonly warm?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Keys that were cached once, by "main": their generations stand. */
  readonly prepared?: ReadonlyArray<string>
  /** The time that passes between the warming and the first event, in milliseconds. Defaults to none. */
  readonly age?: number
  /** The most faults of a schedule. Defaults to none. */
  readonly faults?: number
  /** Which faults there may be: an operation that fails, and is carried out later if at all, unless given. */
  readonly kinds?: ReadonlyArray<Fault>
  /** The most operations whose result comes late: carried out now, and delivered later. Defaults to none. */
  readonly late?: number
  /** Steps in which time passes, in milliseconds, in this order, each at any moment. */
  readonly ticks?: ReadonlyArray<number>
  /** True if sleepers may wake while others could go on as well; else time passes only when nothing else can happen. */
  readonly isTimed?: boolean
  /** True for a near cache in front of the store in each process, which hears of changes after some time. */
  readonly isNear?: boolean
  /** For how long a value may be served, in milliseconds: as its `cached` says unless given. */
  readonly longestLife?: number
  /** Versions of keys that have no value; for a `negativeTtl`. */
  readonly isAbsent?: (key: string, version: number) => boolean
}

/**
 * A write whose caller gives up may be carried out at once, later or never: that covers those that are refused or lost.
 */
export const usualFaults: ReadonlyArray<Fault> = ["refuseRead", "timeout"]

/** The name of a thread of a process. */
export const threadName = (process: string, thread: number, threads: number): string =>
  threads === 1 ? process : `${process}${thread + 1}`

/** Every key that a scenario names, sorted. */
export const keysOf = ({ prepared = [], processes, warm = {} }: Scenario): ReadonlyArray<string> => {
  const calls = Object.values(processes).flat(2)
  return Array.from(new Set([...calls.flatMap(({ keys }) => keys), ...Object.values(warm).flat(), ...prepared])).sort()
}

/** Every definition of a scenario, by name. */
export const definitionsOf = ({ cached = {} }: Scenario): Readonly<Record<string, Definition>> =>
  "main" in cached ? cached : { main: {}, ...cached }
