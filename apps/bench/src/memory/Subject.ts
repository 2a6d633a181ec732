/** A cache that is measured. The loops are its own, so that each is written as a user of that cache would. */
export interface Subject {
  /** Gets the keys one after another, and answers how many were hits. */
  readonly get: (keys: ReadonlyArray<string>) => number
  /** Sets the keys one after another. */
  readonly set: (keys: ReadonlyArray<string>, value: string) => void
  readonly close: () => Promise<void>
}

/** Opens an empty cache of at most `maxEntries`. */
export type Open = (maxEntries: number) => Promise<Subject>
