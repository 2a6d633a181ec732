/**
 * A near cache: reads are answered from memory until the store has told of a change, which takes its time. Messages and
 * replies arrive in the order in which the store made them.
 */

import type { Pending } from "./Operations.ts"
import type { SimulatedStore } from "./SimulatedStore.ts"

export type NearMessage = ({ readonly reply: Pending } | { readonly key: string }) & {
  /** Versions that are outdated in this process once the message is there. */
  readonly outdates: Array<number>
}

interface Kept {
  readonly value: string | undefined
  readonly end: number
}

export class Near {
  readonly inbox: Array<NearMessage> = []
  readonly #kept = new Map<string, Kept>()
  /** Keys that the store tells of once they change. */
  readonly #tracked = new Set<string>()
  /** How often each key was written from here, so that a read from before is not kept. */
  readonly #writes = new Map<string, number>()
  readonly #readAt = new Map<Pending, string>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** All of the keys, or nothing. */
  find(keys: ReadonlyArray<string>): ReadonlyArray<string | undefined> | undefined {
    const kept = keys.map((key) => this.#kept.get(key))
    if (kept.some((one) => one === undefined || this.#now() >= one.end)) return undefined
    return kept.map((one) => one?.value)
  }

  written(keys: ReadonlyArray<string>): void {
    for (const key of keys) {
      this.#kept.delete(key)
      this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1)
    }
  }

  /** The store has carried out a read. */
  read(keys: ReadonlyArray<string>): void {
    for (const key of keys) this.#tracked.add(key)
  }

  replied(reply: Pending): void {
    this.#readAt.set(reply, this.#writesOf(reply.operation.keys))
    this.inbox.push({ reply, outdates: [] })
  }

  #writesOf(keys: ReadonlyArray<string>): string {
    return keys.map((key) => this.#writes.get(key) ?? 0).join()
  }

  /** True if there is a message of it. */
  changed(key: string): boolean {
    const isTracked = this.#tracked.delete(key)
    if (isTracked) this.inbox.push({ key, outdates: [] })
    return isTracked
  }

  told(key: string): void {
    this.#kept.delete(key)
  }

  /** The answer of a read is here, and is kept unless a write was sent since. */
  arrived(pending: Pending, store: SimulatedStore): void {
    const { operation, result } = pending
    const isCurrent = this.#readAt.get(pending) === this.#writesOf(operation.keys)
    this.#readAt.delete(pending)
    if (!isCurrent) return
    const values = Array.isArray(result) ? result : [result]
    for (const [index, key] of operation.keys.entries()) {
      const value = values[index] as string | undefined
      this.#kept.set(key, { value, end: value === undefined ? Number.POSITIVE_INFINITY : store.endOf(key) })
    }
  }

  /** Nobody waits for an answer any more. */
  forget(pending: Pending): void {
    const index = this.inbox.findIndex((message) => "reply" in message && message.reply === pending)
    const [message] = index < 0 ? [] : this.inbox.splice(index, 1)
    if (message !== undefined && message.outdates.length > 0)
      this.inbox.splice(index, 0, { key: "", outdates: message.outdates })
    this.#readAt.delete(pending)
  }

  state(): string {
    const inbox = this.inbox.map((message) => ("reply" in message ? message.reply.number : message.key))
    return [...inbox, ...Array.from(this.#tracked).sort()].join()
  }
}
