/** Steps of a check, each of which may fail without ending the others. */
export class Steps {
  readonly #failed: Array<string> = []

  /** The names of those that failed. */
  get failed(): ReadonlyArray<string> {
    return this.#failed
  }

  /** Takes a step that resolves with what it saw. Prints that, and how long it took, or why it failed. */
  async take(name: string, step: () => Promise<string>): Promise<void> {
    const start = performance.now()
    try {
      const seen = await step()
      console.log(`${name}: ${seen} (${((performance.now() - start) / 1_000).toFixed(1)} s)`)
    } catch (error) {
      this.#failed.push(name)
      console.log(`${name} failed: ${error instanceof Error ? error.message : error}`)
    }
  }
}
