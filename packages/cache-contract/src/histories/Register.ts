/**
 * The model of one key of a cache, one operation after the other. Times to live are coarse: a key has one or none, and
 * none of them ends.
 */
import type { Operation } from "./History.ts"

/** Undefined for a key that is absent. */
export type State = { readonly value: string; readonly expires: boolean } | undefined

/** An operation's answer, and the state after it. */
export interface Step {
  readonly answer: unknown
  readonly after: State
}

/** The answer of a counter whose key holds no number. */
export const wrongType = "WrongType"

export const step = (state: State, operation: Operation): Step => {
  switch (operation.name) {
    case "get":
      return { answer: state?.value, after: state }
    case "exists":
      return { answer: state !== undefined, after: state }
    case "ttl":
      return { answer: state === undefined ? "Missing" : state.expires ? "Expires" : "Persistent", after: state }
    case "set":
      return { answer: undefined, after: { value: operation.value, expires: operation.expires } }
    case "setIfAbsent":
      return state === undefined
        ? { answer: true, after: { value: operation.value, expires: operation.expires } }
        : { answer: false, after: state }
    case "delete":
      return { answer: state !== undefined, after: undefined }
    case "getAndDelete":
      return { answer: state?.value, after: undefined }
    case "compareAndDelete":
      return state?.value === operation.expected ? { answer: true, after: undefined } : { answer: false, after: state }
    case "expire":
      return state === undefined
        ? { answer: false, after: state }
        : { answer: true, after: { value: state.value, expires: operation.expires } }
    case "increment": {
      if (state !== undefined && !/^(0|-?[1-9]\d*)$/.test(state.value)) return { answer: wrongType, after: state }
      const sum = Number(state?.value ?? 0) + operation.amount
      return { answer: sum, after: { value: String(sum), expires: state?.expires ?? false } }
    }
  }
}

export const textOf = (state: State): string =>
  state === undefined ? "" : `${state.expires ? "e" : "p"}${state.value}`
