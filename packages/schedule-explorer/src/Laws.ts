/**
 * Judges from outside what processes read, by the laws.
 *
 * A key has a version for each change of the source of truth. Each version of each key is a bit; a set of versions is a
 * number.
 */
import type { Footprint } from "./Footprint.ts"
import type { Law, Violation } from "./Law.ts"
import { isChange, type OpenCall, type OpenLookup } from "./OpenCall.ts"
import { type Call, definitionsOf, keysOf, type Scenario } from "./Scenario.ts"

/** The versions of a key are this many bits. */
const most = 5

export class Laws {
  readonly violations: Array<Violation> = []
  readonly #scenario: Scenario
  readonly #keys: ReadonlyArray<string>
  readonly #longestLife: number
  readonly #lease: number
  readonly #footprint: () => Footprint
  readonly #truth: Array<number>
  /** The schemas by which each process reads, as `isOtherSchema` has them. */
  readonly #schemas: ReadonlyArray<boolean>
  /** Versions outdated by invalidations that are over, for each schema of each process: by the process, and by others. */
  readonly #own: Array<number> = []
  readonly #refreshed: Array<number> = []
  readonly #other: Array<number> = []
  /** Versions that a process may serve since a lookup of a newer one failed there, unless more than an `expire` outdates them. */
  readonly #fallbacks: Array<number> = []
  /** Versions that invalidations have outdated, and not only an `expire`. */
  #forgotten = 0
  /** When each version was looked up or set last, by its bit. */
  readonly #loaded: Array<number>
  readonly #open = new Set<OpenCall>()
  readonly #lookups = new Set<OpenLookup>()
  /** True once lookups may have been outdated, so that others begin beside them. */
  #isChanging = false
  /** True once something went wrong, after which a key may be looked up by two. */
  isDisturbed = false
  isSettled = false

  constructor(scenario: Scenario, footprint: () => Footprint) {
    this.#scenario = scenario
    this.#keys = keysOf(scenario)
    this.#footprint = footprint
    this.#truth = this.#keys.map(() => 0)
    this.#loaded = this.#keys.flatMap(() => Array.from({ length: most }, () => 0))
    const definitions = Object.values(definitionsOf(scenario))
    this.#schemas = Array.from(new Set(definitions.map(({ isOtherSchema = false }) => isOtherSchema)))
    this.#longestLife =
      scenario.longestLife ?? Math.max(...definitions.map(({ staleFor = 0, ttl = 60_000 }) => ttl + staleFor))
    this.#lease = Math.min(...definitions.map(({ lease = 0 }) => lease))
  }

  addProcess(process: number): void {
    this.#fallbacks[process] = 0
    for (const view of this.#viewsOf(process)) {
      this.#own[view] = 0
      this.#refreshed[view] = 0
      this.#other[view] = 0
    }
  }

  /** The schemas of a process, each as a number of its own. */
  #viewsOf(process: number): ReadonlyArray<number> {
    return this.#schemas.map((_, index) => process * this.#schemas.length + index)
  }

  /** The schema of a `Cached` of a process. */
  #viewOf(process: number, on: string): number {
    const { isOtherSchema = false } = definitionsOf(this.#scenario)[on] ?? {}
    return process * this.#schemas.length + this.#schemas.indexOf(isOtherSchema)
  }

  version(key: string): number {
    this.#footprint().read(`truth ${key}`)
    return this.#truth[this.#keys.indexOf(key)] ?? 0
  }

  #bit(key: string, version: number): number {
    return 1 << (this.#keys.indexOf(key) * most + version)
  }

  #violated(law: Law, detail: string): void {
    this.violations.push({ law, detail })
  }

  violated = (law: Law, detail: string): void => this.#violated(law, detail)

  begin(call: Call, process: number, now: number): OpenCall {
    const footprint = this.#footprint()
    let outdates = 0
    if (isChange(call)) {
      this.#isChanging = true
      for (const key of call.keys) {
        footprint.write(`truth ${key}`)
        const index = this.#keys.indexOf(key)
        const version = (this.#truth[index] ?? 0) + 1
        if (version >= most) throw new Error(`a key changes more than ${most - 1} times in ${this.#scenario.name}`)
        this.#truth[index] = version
        if (call.kind === "set") this.#load(key, version, now)
        // Of changes that run at the same time, any may be the last; an invalidation outdates what a set has begun to write.
        const others = this.#beingSet(key, call)
        for (let older = 0; older < version; older++)
          if (this.#concerns(call, key, older)) outdates |= this.#bit(key, older) & ~others
      }
    } else {
      footprint.read(`others ${process}`)
      footprint.read("forgotten")
    }
    if (call.kind === "refresh") this.#isChanging = true
    const view = this.#viewOf(process, call.on)
    const other = (this.#other[view] ?? 0) & ~(this.#own[view] ?? 0)
    const open = {
      call,
      process,
      view,
      began: now,
      own: this.#own[view] ?? 0,
      refreshed: this.#refreshed[view] ?? 0,
      other,
      joinable: this.#joinable(call, process),
      forgotten: this.#forgotten,
      outdates,
      sets: call.kind === "set" ? call.keys.reduce((all, key) => all | this.#bit(key, this.version(key)), 0) : 0,
      isWriting: false,
      isAsking: false,
      isFaulty: false,
      isUndone: false
    }
    this.#open.add(open)
    this.#writeSetting(open)
    return open
  }

  /** Adds all that a read may touch with its first operation to the footprint of its beginning. */
  expectRead(footprint: Footprint): void {
    for (const key of this.#keys) {
      footprint.read(`truth ${key}`)
      footprint.read(`loaded ${key}`)
      footprint.read(`setting ${key}`)
      if (this.#lease > 0) footprint.write(`lookups ${key}`)
    }
  }

  /** Versions of a key that are being set, and may be so after a change that begins now. */
  #beingSet(key: string, change: Call): number {
    let versions = 0
    this.#footprint().read(`setting ${key}`)
    for (const { call, isWriting, sets } of this.#open)
      if (call.keys.includes(key) && (change.kind === "set" || !isWriting)) versions |= sets
    return versions
  }

  /** The store has carried out a write of a call. */
  written(open: OpenCall, texts: ReadonlyArray<string>): void {
    if (open.call.kind !== "set") return
    const values = open.call.keys.map((key) => `${key}@`)
    if (open.isWriting || !texts.some((text) => values.some((value) => text.includes(value)))) return
    open.isWriting = true
    this.#writeSetting(open)
  }

  #writeSetting({ call }: OpenCall): void {
    if (call.kind === "set") for (const key of call.keys) this.#footprint().write(`setting ${key}`)
  }

  /** True if an invalidation concerns a version of a key. */
  #concerns({ kind, on, tag }: Call, key: string, version: number): boolean {
    if (kind !== "invalidateTag" || tag === undefined) return true
    return definitionsOf(this.#scenario)[on]?.tags?.(key, version).includes(tag) ?? false
  }

  /**
   * The versions of lookups on their way in the process of a read, which it may join where it cannot tell whether another
   * process has outdated them. One that waits for the lease of another process is on its way as well.
   */
  #joinable({ keys }: Call, process: number): number {
    let joinable = 0
    for (const lookup of this.#lookups) {
      if (lookup.process !== process) continue
      for (const [index, key] of lookup.keys.entries())
        if (keys.includes(key)) joinable |= this.#bit(key, lookup.versions[index] ?? 0)
    }
    if (this.#lease === 0) return joinable
    for (const earlier of this.#open) {
      if (earlier.process !== process || earlier.outdates !== 0) continue
      for (const key of earlier.call.keys) if (keys.includes(key)) joinable |= this.#bitsOf(key) & ~earlier.other
    }
    return joinable
  }

  #bitsOf(key: string): number {
    let bits = 0
    for (let version = 0; version < most; version++) bits |= this.#bit(key, version)
    return bits
  }

  /** A process sends an operation, or looks a key up. */
  asked(process: number): void {
    for (const open of this.#open) if (open.process === process) open.isAsking = true
  }

  /** An operation of a process failed: an invalidation that is under way there may be pending. */
  failed(process: number): void {
    for (const open of this.#open) if (open.process === process) open.isFaulty = true
    this.isDisturbed = true
  }

  /** The call of a process was interrupted, or the process ended. */
  abandon(open: OpenCall): void {
    this.#open.delete(open)
    this.#writeSetting(open)
    this.isDisturbed = true
  }

  /** Ends a read that saw these versions. `undefined` for a key without a value. */
  endRead(open: OpenCall, seen: ReadonlyArray<readonly [key: string, version: number]>, now: number): void {
    this.#open.delete(open)
    for (const [key, version] of seen) {
      const bit = this.#bit(key, version)
      const loaded = this.#loaded[this.#keys.indexOf(key) * most + version] ?? 0
      // Another lookup at the same moment changes nothing.
      if (loaded !== now) this.#footprint().read(`loaded ${key}`)
      const what = `${open.call.kind} saw ${key}@${version}`
      // The generations that a read has seen tell, unless the store failed it, or it waits for a lease.
      const other = this.isDisturbed || this.#lease > 0 ? open.other & ~open.joinable : open.other
      const isFallback = ((this.#fallbacks[open.process] ?? 0) & ~open.forgotten & bit) !== 0
      if ((open.own & bit) !== 0 && !isFallback) this.#violated(this.isSettled ? "settled" : "ownInvalidation", what)
      else if ((open.refreshed & bit) !== 0) this.#violated("refreshed", what)
      else if ((other & bit) !== 0 && !isFallback)
        this.#violated(this.isSettled ? "settled" : open.isAsking ? "otherInvalidation" : "handedOn", what)
      // The first of many may wait for the last.
      const read = open.call.kind === "getMany" ? open.began : now
      const age = read - loaded
      if (age >= this.#longestLife) this.#violated("servedUntil", `${what}, ${age} ms old`)
      if (open.call.kind !== "refresh" || open.isUndone) continue
      const others = this.#beingSet(key, open.call)
      for (let older = 0; older < version; older++)
        this.#refreshed[open.view] = (this.#refreshed[open.view] ?? 0) | (this.#bit(key, older) & ~others)
    }
  }

  /** Ends an invalidation or a set. Gives what it outdates to `tell`, if it has reached the store. */
  endInvalidation(open: OpenCall, tell: (outdates: number) => void): void {
    this.#open.delete(open)
    this.#writeSetting(open)
    if (open.isUndone) return
    // Whichever `Cached` of a process invalidates.
    for (const view of this.#viewsOf(open.process)) this.#own[view] = (this.#own[view] ?? 0) | open.outdates
    if (open.call.kind !== "expire" && !open.isFaulty && (open.outdates & ~this.#forgotten) !== 0) {
      this.#footprint().write("forgotten")
      this.#forgotten |= open.outdates
    }
    if (!open.isFaulty) tell(open.outdates)
  }

  /** The store has gone back: what was outdated until now may be read again, until it is outdated anew. */
  goBack(): void {
    for (const versions of [this.#own, this.#refreshed, this.#other]) versions.fill(0)
    this.#forgotten = 0
    for (const open of this.#open) {
      open.own = 0
      open.refreshed = 0
      open.other = 0
      open.isUndone = true
    }
  }

  /** An invalidation has reached a process. */
  reached(process: number, outdates: number): void {
    for (const view of this.#viewsOf(process)) {
      const known = this.#other[view] ?? 0
      if ((outdates & ~known) === 0) continue
      this.#footprint().write(`others ${process}`)
      this.#other[view] = known | outdates
    }
  }

  /** Versions that a process has outdated by itself, pending or not. */
  outdatedBy(process: number): number {
    return this.#viewsOf(process).reduce((all, view) => all | (this.#own[view] ?? 0), 0)
  }

  #load(key: string, version: number, now: number): void {
    const bit = this.#keys.indexOf(key) * most + version
    const before = this.#loaded[bit] ?? 0
    // Nobody has read a version that is loaded for the first time, but for an absence, which has none of its own.
    const isFirst = before === 0 && this.#scenario.isAbsent === undefined
    if (before !== now && !isFirst) this.#footprint().write(`loaded ${key}`)
    this.#loaded[bit] = now
  }

  lookupBegan(process: number, on: string, keys: ReadonlyArray<string>, now: number, isRefresh: boolean): OpenLookup {
    const lookup = { process, on, keys, versions: keys.map((key) => this.version(key)), began: now, isRefresh }
    for (const other of this.#lookups) {
      const both = keys.filter((key) => other.keys.includes(key))
      if (both.length === 0 || other.on !== on || other.isRefresh || isRefresh) continue
      if (other.process === process) {
        if (!this.#isChanging && !this.isDisturbed) this.#violated("onceInProcess", `two lookups of ${both}`)
      } else if (
        this.#lease > 0 &&
        keys.length === 1 &&
        !this.isDisturbed &&
        this.#areWithinLease([lookup, other], now)
      )
        this.#violated("onceUnderLease", `two lookups of ${both}`)
    }
    if (this.#lease > 0) for (const key of keys) this.#footprint().write(`lookups ${key}`)
    this.#lookups.add(lookup)
    return lookup
  }

  /** True if whoever looks up has begun so lately that he may have the lease, or wait for it, still. */
  #areWithinLease(lookups: ReadonlyArray<OpenLookup>, now: number): boolean {
    return lookups.every(({ keys, process }) => {
      const began = Array.from(this.#open)
        .filter((open) => open.process === process && open.call.keys.some((key) => keys.includes(key)))
        .map((open) => open.began)
      return now - Math.min(...began) < this.#lease
    })
  }

  lookupAnswered(lookup: OpenLookup, now: number): void {
    for (const [index, key] of lookup.keys.entries()) this.#load(key, lookup.versions[index] ?? 0, now)
    this.lookupEnded(lookup)
  }

  lookupEnded(lookup: OpenLookup): void {
    if (this.#lease > 0) for (const key of lookup.keys) this.#footprint().write(`lookups ${key}`)
    this.#lookups.delete(lookup)
  }

  /** From here on what is older than the version that was looked up may be served. */
  lookupFailed(lookup: OpenLookup): void {
    for (const [index, key] of lookup.keys.entries())
      for (let older = 0; older < (lookup.versions[index] ?? 0); older++)
        this.#fallbacks[lookup.process] = (this.#fallbacks[lookup.process] ?? 0) | this.#bit(key, older)
    this.lookupEnded(lookup)
  }

  forget(process: number): void {
    for (const open of this.#open) if (open.process === process) this.#open.delete(open)
    for (const lookup of this.#lookups) if (lookup.process === process) this.#lookups.delete(lookup)
    this.isDisturbed = true
  }

  /** All that the laws will go by, as text. */
  state(): string {
    const open = Array.from(this.#open, (open) => {
      const { call, began, forgotten, isAsking, isFaulty, isUndone, isWriting, other, own, outdates, refreshed, view } =
        open
      const isDated = this.#lease > 0 || call.kind === "getMany"
      const flags = [isAsking, isFaulty, isUndone, isWriting].map(Number)
      return [view, isDated ? began : 0, own, other, forgotten, refreshed, outdates, ...flags].join()
    }).sort()
    const lookups = Array.from(this.#lookups, ({ began, isRefresh, keys, on, process, versions }) =>
      [process, on, keys.join("+"), versions.join("+"), began, isRefresh ? 1 : 0].join()
    ).sort()
    return [
      this.#truth,
      this.#own,
      this.#other,
      this.#refreshed,
      this.#fallbacks,
      this.#forgotten,
      this.#loaded,
      open.join(" "),
      lookups.join(" "),
      this.isDisturbed
    ].join("|")
  }
}
