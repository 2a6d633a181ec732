/**
 * Values that belong to a namespace of a cache. `CachePort.namespaced` returns another port each time, for each request
 * for example, and all of them are the same namespace.
 *
 * @internal
 */

import type { CacheOperations } from "@hexcache/cache-port"
import type { Origin } from "@hexcache/cache-port/internal"

/** The most namespaces of a cache whose values outlive their ports. */
const mostRetained = 1_000

/**
 * One value for each namespace of each cache, for as long as a port of it lives. Beyond that the values used last stay,
 * and those that called `retain` while they are needed.
 */
export class PerNamespace<A extends { readonly isNeeded: boolean }> {
  readonly #byPort = new WeakMap<CacheOperations, A>()
  readonly #byRoot = new WeakMap<CacheOperations, Namespaces<A>>()
  readonly #originOf: (port: CacheOperations) => Origin

  constructor(originOf: (port: CacheOperations) => Origin) {
    this.#originOf = originOf
  }

  of(port: CacheOperations, make: (retain: () => void) => A): A {
    const known = this.#byPort.get(port)
    if (known !== undefined) return known
    const { path, root } = this.#originOf(port)
    let namespaces = this.#byRoot.get(root)
    if (namespaces === undefined) {
      namespaces = new Namespaces()
      this.#byRoot.set(root, namespaces)
    }
    const value = namespaces.of(path, make)
    this.#byPort.set(port, value)
    return value
  }
}

class Namespaces<A extends { readonly isNeeded: boolean }> {
  readonly #byPath = new Map<string, WeakRef<A>>()
  /** Strong references, in the order of their last use. */
  readonly #retained = new Map<string, A>()
  readonly #gone = new FinalizationRegistry<string>((path) => {
    if (this.#byPath.get(path)?.deref() === undefined) this.#byPath.delete(path)
  })

  of(path: string, make: (retain: () => void) => A): A {
    let value = this.#byPath.get(path)?.deref()
    if (value === undefined) {
      const made = make(() => this.#retain(path, made))
      this.#byPath.set(path, new WeakRef(made))
      this.#gone.register(made, path)
      value = made
    }
    this.#retain(path, value)
    return value
  }

  #retain(path: string, value: A): void {
    this.#retained.delete(path)
    this.#retained.set(path, value)
    if (this.#retained.size <= mostRetained) return
    for (const [oldest, { isNeeded }] of this.#retained) {
      if (isNeeded) continue
      this.#retained.delete(oldest)
      break
    }
  }
}
