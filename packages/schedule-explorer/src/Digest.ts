/**
 * Hashes of 64 bits for what a state consists of.
 */

/** A hash of everything added so far, in its order. */
export class Digest {
  #low = 0x811c9dc5
  #high = 0x9747b28c

  add(text: string): void {
    let low = this.#low
    let high = this.#high
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      low = Math.imul(low ^ code, 0x01000193)
      high = Math.imul(high ^ code, 0x85ebca6b)
      high ^= high >>> 13
    }
    // An end of its own, so that "a" and "bc" differ from "ab" and "c".
    this.#low = Math.imul(low ^ 0x1ff, 0x01000193)
    this.#high = Math.imul(high ^ 0x1ff, 0x85ebca6b)
  }

  toString(): string {
    return `${(this.#low >>> 0).toString(36)}.${(this.#high >>> 0).toString(36)}`
  }
}
