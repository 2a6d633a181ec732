/**
 * Invalidations that the store has not carried out yet.
 *
 * @internal
 */

/** How many keys and tags are owed one by one; beyond that, everything is. */
const most = 1_000

/** What is owed, as it was when it was looked at. */
export interface Debt {
  /** Undefined unless everything is owed. */
  readonly all: number | undefined
  /** The texts of keys, each with the number of the invalidation that failed last. */
  readonly keys: ReadonlyMap<string, number>
  readonly tags: ReadonlyMap<string, number>
}

/** Bounded. What failed again while it was being made good for is owed still. */
export class Owed {
  #all: number | undefined
  readonly #keys = new Map<string, number>()
  readonly #tags = new Map<string, number>()
  #last = 0

  get isEmpty(): boolean {
    return this.#all === undefined && this.#keys.size === 0 && this.#tags.size === 0
  }

  /** Whether nothing may be read from the cache under a key. */
  hasKey(text: string): boolean {
    return this.#all !== undefined || this.#keys.has(text)
  }

  hasTag(tag: string): boolean {
    return this.#tags.has(tag)
  }

  addAll(): void {
    this.#all = ++this.#last
    this.#keys.clear()
    this.#tags.clear()
  }

  addKey(text: string): void {
    this.#add(this.#keys, text)
  }

  addTag(tag: string): void {
    this.#add(this.#tags, tag)
  }

  #add(owed: Map<string, number>, name: string): void {
    if (this.#all !== undefined || this.#keys.size + this.#tags.size >= most) this.addAll()
    else owed.set(name, ++this.#last)
  }

  get debt(): Debt {
    return { all: this.#all, keys: new Map(this.#keys), tags: new Map(this.#tags) }
  }

  /** Takes away what was carried out. */
  pay({ all, keys, tags }: Debt): void {
    if (this.#all === all) this.#all = undefined
    for (const [text, number] of keys) if (this.#keys.get(text) === number) this.#keys.delete(text)
    for (const [tag, number] of tags) if (this.#tags.get(tag) === number) this.#tags.delete(tag)
  }
}
