/**
 * Random ids, under names that are the same in every run.
 */
import type { Process } from "./Process.ts"

/** Ids are long; values, keys and times are not. */
const ids = /[0-9A-Za-z+_.~-]{14,}/g

export class Names {
  readonly #names = new Map<string, string>()

  /** Names the ids that a process brings into the world: they are its own. */
  learn(process: Process, texts: ReadonlyArray<string>): void {
    for (const text of texts)
      for (const id of text.match(ids) ?? [])
        if (!this.#names.has(id)) this.#names.set(id, `#${process.name}${process.ids++}`)
  }

  canonical(text: string): string {
    return text.length < 14 ? text : text.replace(ids, (id) => this.#names.get(id) ?? id)
  }
}
