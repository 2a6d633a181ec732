/**
 * A search for an order of operations in which each could have been answered as it was: one that takes each operation at
 * a moment between its call and its end.
 *
 * By Wing and Gong, "Testing and Verifying Concurrent Objects", 1993, with the memory of configurations that Lowe,
 * "Testing for Linearizability", 2017, adds: which operations were taken, and what the key holds then.
 */
import type { Event, History } from "./History.ts"
import { type State, step, textOf } from "./Register.ts"

/** An operation as a call and a return in one list, which the search lifts out of and puts back. */
interface Node {
  readonly event: Event
  readonly index: number
  readonly isCall: boolean
  /** The return of a call. */
  readonly end: Node | undefined
  previous: Node | undefined
  next: Node | undefined
}

/** True if the history of a key, absent at first, could have come of one operation after the other. */
export const isLinearizable = (history: History): boolean => {
  const head = listOf(history)
  const known = history.filter(({ outcome }) => outcome !== "Unknown").length
  const taken = new Uint8Array(history.length)
  const seen = new Set<string>()
  const path: Array<{ readonly call: Node; readonly before: State }> = []
  let state: State
  let answered = 0
  let node = head.next

  for (;;) {
    // An operation without a result need not have happened.
    if (answered === known) return true
    if (node?.isCall) {
      const { answer, after } = step(state, node.event.operation)
      const isPossible = node.event.outcome === "Unknown" || node.event.outcome.answer === answer
      if (isPossible) {
        taken[node.index] = 1
        const configuration = `${taken.join("")} ${textOf(after)}`
        if (!seen.has(configuration)) {
          seen.add(configuration)
          path.push({ call: node, before: state })
          state = after
          if (node.event.outcome !== "Unknown") answered++
          lift(node)
          node = head.next
          continue
        }
        taken[node.index] = 0
      }
      node = node.next
      continue
    }
    // An operation ends that was not taken, or none is left to take: the last choice was wrong.
    const last = path.pop()
    if (last === undefined) return false
    taken[last.call.index] = 0
    state = last.before
    if (last.call.event.outcome !== "Unknown") answered--
    putBack(last.call)
    node = last.call.next
  }
}

const listOf = (history: History): Node => {
  const ends = history.map(
    (event, index): Node => ({ event, index, isCall: false, end: undefined, previous: undefined, next: undefined })
  )
  const calls = history.map(
    (event, index): Node => ({ event, index, isCall: true, end: ends[index], previous: undefined, next: undefined })
  )
  const timeOf = ({ event, isCall }: Node) =>
    isCall ? event.from : event.outcome === "Unknown" ? Number.POSITIVE_INFINITY : event.to
  // At the same moment calls come first: then the operations overlap.
  const nodes = [...calls, ...ends].sort((a, b) => {
    const [left, right] = [timeOf(a), timeOf(b)]
    return left === right ? Number(b.isCall) - Number(a.isCall) : left - right
  })
  const head: Node = {
    event: {} as Event,
    index: -1,
    isCall: false,
    end: undefined,
    previous: undefined,
    next: undefined
  }
  let last = head
  for (const node of nodes) {
    last.next = node
    node.previous = last
    last = node
  }
  return head
}

const lift = (call: Node): void => {
  for (const node of [call, call.end]) {
    if (node?.previous !== undefined) node.previous.next = node.next
    if (node?.next !== undefined) node.next.previous = node.previous
  }
}

const putBack = (call: Node): void => {
  for (const node of [call.end, call]) {
    if (node?.previous !== undefined) node.previous.next = node
    if (node?.next !== undefined) node.next.previous = node
  }
}

/**
 * The history as it counts where reads may be older by some time, as those of a near cache: a read may then have happened
 * that much before its call.
 */
export const withLateReads = (history: History, by: number): History =>
  history.map((event) => (event.operation.name === "get" ? { ...event, from: event.from - by } : event))
