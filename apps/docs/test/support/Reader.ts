/**
 * Runs modules as someone who reads a page from its top would.
 */
import { assert } from "@effect/vitest"
import { CacheMemory } from "@hexcache/cache-memory"
import type { CachePort } from "@hexcache/cache-port"
import { Effect, Layer, ManagedRuntime } from "effect"
import { vi } from "vitest"

// The page provides every other service; a missing one fails the run.
type AnyEffect = Effect.Effect<unknown, unknown, CachePort>
type AnyLayer = Layer.Layer<unknown, unknown, CachePort>

/** Runs the modules of one page. Effects that need a cache get one in memory, the same for the whole page. */
export class Reader {
  readonly #runtime = ManagedRuntime.make(CacheMemory.layer())

  /**
   * Runs a module: builds its layers, runs the effects that it shows, and compares what they give with what the page
   * says. Returns the printed text.
   */
  async run(file: string): Promise<string> {
    const lines: Array<string> = []
    const print = vi.spyOn(console, "log").mockImplementation((...parts) => void lines.push(parts.join(" ")))
    try {
      const module: Record<string, unknown> = await import(file)
      for (const [name, value] of Object.entries(module)) {
        if (Layer.isLayer(value) && !name.startsWith("given_"))
          await this.#runtime.runPromise(Effect.scoped(Layer.build(value as AnyLayer)))
        if (!name.startsWith("shown")) continue
        const given = Effect.isEffect(value) ? await this.#runtime.runPromise(value as AnyEffect) : value
        const expected = module[name.replace("shown", "expected")]
        if (typeof expected === "function") assert.deepStrictEqual(given, expected())
      }
    } finally {
      print.mockRestore()
    }
    return lines.map((line) => `${line}\n`).join("")
  }

  /** Closes the page's cache. */
  close(): Promise<void> {
    return this.#runtime.dispose()
  }
}
