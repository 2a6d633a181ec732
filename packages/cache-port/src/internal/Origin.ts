/**
 * The cache that a port is a part of. `CachePort.namespaced` gives another port each time, for each request for example,
 * and they are all the same part.
 *
 * @internal
 */
import type { CachePort } from "../CachePort.ts"

type Service = CachePort["Service"]

/** A port that nobody made of another one, and the names that lead to a part of it. */
interface Origin {
  readonly root: Service
  readonly path: string
}

const origins = new WeakMap<Service, Origin>()

const originOf = (port: Service): Origin => origins.get(port) ?? { root: port, path: "" }

/** The port that `port` is a part of, or itself. */
export const rootOf = (port: Service): Service => originOf(port).root

/** `part`, known as what `prefix` leads to in `whole`. */
export const partOfWhole = (whole: Service, prefix: string, part: Service): Service => {
  const { path, root } = originOf(whole)
  origins.set(part, { root, path: path + prefix })
  return part
}

/** How many parts of a cache are remembered though no port of them is left. */
const mostParts = 1_000

/**
 * One value for each part of each cache, for as long as there is a port of it. Where there is none, the values used last
 * are kept, and those that ask for it by `retain`.
 */
export class PerNamespace<A extends { readonly isNeeded: boolean }> {
  readonly #byPort = new WeakMap<Service, A>()
  readonly #byRoot = new WeakMap<Service, Parts<A>>()

  of(port: Service, make: (retain: () => void) => A): A {
    const known = this.#byPort.get(port)
    if (known !== undefined) return known
    const { path, root } = originOf(port)
    let parts = this.#byRoot.get(root)
    if (parts === undefined) {
      parts = new Parts()
      this.#byRoot.set(root, parts)
    }
    const value = parts.of(path, make)
    this.#byPort.set(port, value)
    return value
  }
}

class Parts<A extends { readonly isNeeded: boolean }> {
  readonly #byPath = new Map<string, WeakRef<A>>()
  /** Kept though nobody else may, by the time of their last use. */
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
    if (this.#retained.size <= mostParts) return
    for (const [oldest, { isNeeded }] of this.#retained) {
      if (isNeeded) continue
      this.#retained.delete(oldest)
      break
    }
  }
}
