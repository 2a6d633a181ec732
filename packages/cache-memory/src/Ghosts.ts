/**
 * Hashes of recently evicted keys.
 *
 * @internal
 */

import { isBefore } from "./Ticks.ts"

const ways = 4
const fewest = 64

/**
 * When evicted keys were last used, by a hash of the key: a table in which the oldest gives way. Two keys of one hash
 * are taken for each other, which costs a bad guess and nothing else.
 */
export class Ghosts {
  /** Pairs of hash and time, `ways` in a row for the hashes that belong there; a hash of 0 is a free place. */
  #pairs = new Int32Array(2 * fewest)

  /** Makes room for the ghosts of a cache of so many entries, twice as many at least. */
  fit(entries: number): void {
    if (this.#pairs.length >= 4 * entries) return
    const before = this.#pairs
    let length = before.length
    while (length < 4 * entries) length *= 2
    this.#pairs = new Int32Array(length)
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] !== 0) this.add(before[at] as number, before[at + 1] as number)
    }
  }

  add(hash: number, time: number): void {
    const pairs = this.#pairs
    const first = this.#rowOf(hash)
    let chosen = first
    for (let at = first; at < first + 2 * ways; at += 2) {
      if (pairs[at] === hash || pairs[at] === 0) {
        chosen = at
        break
      }
      if (isBefore(pairs[at + 1] as number, pairs[chosen + 1] as number)) chosen = at
    }
    pairs[chosen] = hash
    pairs[chosen + 1] = time
  }

  /** The time of a ghost, which is one no longer; `undefined` when there is none. */
  take(hash: number): number | undefined {
    const pairs = this.#pairs
    const first = this.#rowOf(hash)
    for (let at = first; at < first + 2 * ways; at += 2) {
      if (pairs[at] !== hash) continue
      pairs[at] = 0
      return pairs[at + 1]
    }
    return undefined
  }

  clear(): void {
    this.#pairs = new Int32Array(2 * fewest)
  }

  #rowOf(hash: number): number {
    return (hash & (this.#pairs.length / (2 * ways) - 1)) * 2 * ways
  }
}

/** A hash of text, never 0. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  hash ^= hash >>> 15
  return hash === 0 ? 1 : hash | 0
}
