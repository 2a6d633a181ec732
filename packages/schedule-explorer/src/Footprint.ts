/**
 * The resources that an event touches. Two events whose footprints do not conflict commute.
 */
export class Footprint {
  readonly #reads = new Set<string>()
  readonly #writes = new Set<string>()
  #isGlobal = false

  read(resource: string): void {
    this.#reads.add(resource)
  }

  write(resource: string): void {
    this.#writes.add(resource)
  }

  /** Conflicts with every other event, as the passing of time does. */
  writeAll(): void {
    this.#isGlobal = true
  }

  /** True if it touches nothing but this resource. */
  isWithin(resource: string): boolean {
    return !this.#isGlobal && [...this.#reads, ...this.#writes].every((touched) => touched === resource)
  }

  /** True if the order of the two events may matter. */
  conflictsWith(other: Footprint): boolean {
    if (this.#isGlobal || other.#isGlobal) return true
    for (const resource of this.#writes) if (other.#writes.has(resource) || other.#reads.has(resource)) return true
    for (const resource of other.#writes) if (this.#reads.has(resource)) return true
    return false
  }
}
