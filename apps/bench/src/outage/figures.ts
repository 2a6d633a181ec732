import { patience } from "./keys.ts"
import type { Outcome, Probe } from "./Message.ts"

/** A call of the probing process. Times are milliseconds since 1970. */
export interface Call {
  readonly probe: Probe
  readonly key: string
  readonly at: number
  /** Unset while it is pending. */
  readonly settledAt?: number
  readonly outcome?: Outcome
}

/** When the fault began and ended, and how long the calls were watched. */
export interface Span {
  readonly faultStart: number
  readonly faultEnd: number
  readonly watchEnd: number
}

/** Parts of one of the calls of a kind, together one. A call counts as what it was when its caller's patience ended. */
export interface Shares {
  readonly right: number
  readonly miss: number
  readonly wrong: number
  readonly failed: number
  readonly hangs: number
}

/** A time in milliseconds, or that it was more when the watch ended. */
export interface Waited {
  readonly millis: number
  readonly unsettled: boolean
}

/** The figures of the calls during the fault. */
export interface Figures {
  readonly cold: Shares
  readonly hot: Shares
  readonly set: Shares
  readonly p99: Waited
  readonly slowest: Waited
  /** From the fault's end to the first cold get with a value, in milliseconds; unset when there was none. */
  readonly backAfter: number | undefined
}

/** Works out the figures of a run. */
export const figuresOf = (calls: ReadonlyArray<Call>, span: Span): Figures => {
  const during = calls.filter((call) => call.probe !== "late" && isDuring(call, span))
  const waits = during.map((call) => waited(call, span.watchEnd)).sort((a, b) => a.millis - b.millis)
  const quantile = (part: number) => waits[Math.ceil(part * waits.length) - 1] ?? { millis: 0, unsettled: false }
  return {
    cold: sharesOf(during.filter(({ probe }) => probe === "cold")),
    hot: sharesOf(during.filter(({ probe }) => probe === "hot")),
    set: sharesOf(during.filter(({ probe }) => probe === "set")),
    p99: quantile(0.99),
    slowest: quantile(1),
    backAfter: backAfter(calls, span)
  }
}

/** True if a call was made during the fault, and early enough that its caller's patience ended before the fault did. */
export const isDuring = ({ at }: Call, { faultEnd, faultStart }: Span): boolean =>
  at >= faultStart && at <= faultEnd - patience

/** The state of a call when its caller's patience ended. */
export const outcomeInTime = ({ at, outcome, settledAt }: Call): Outcome | "hangs" =>
  outcome === undefined || settledAt === undefined || settledAt - at > patience ? "hangs" : outcome

const sharesOf = (calls: ReadonlyArray<Call>): Shares => {
  const outcomes = calls.map(outcomeInTime)
  const share = (outcome: Outcome | "hangs") =>
    outcomes.length === 0 ? 0 : outcomes.filter((other) => other === outcome).length / outcomes.length
  return {
    right: share("right"),
    miss: share("miss"),
    wrong: share("wrong"),
    failed: share("failed"),
    hangs: share("hangs")
  }
}

const waited = ({ at, settledAt }: Call, watchEnd: number): Waited => ({
  millis: (settledAt ?? watchEnd) - at,
  unsettled: settledAt === undefined
})

const backAfter = (calls: ReadonlyArray<Call>, { faultEnd }: Span): number | undefined => {
  const answers = calls.flatMap(({ outcome, probe, settledAt = 0 }) =>
    probe === "cold" && outcome === "right" && settledAt >= faultEnd ? [settledAt - faultEnd] : []
  )
  return answers.length === 0 ? undefined : Math.min(...answers)
}
