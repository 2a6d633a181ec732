/**
 * A port on a driver.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import type { CacheOperation } from "../CacheError.ts"
import * as CacheKey from "../CacheKey.ts"
import type { CacheOperations } from "../CacheOperations.ts"
import * as CacheStats from "../CacheStats.ts"
import * as Input from "./Input.ts"
import { invalidInput, withInput } from "./InputCheck.ts"
import { operations } from "./Operations.ts"
import { attach, type PortSource } from "./PortInternals.ts"
import { withPrefix } from "./PrefixedDriver.ts"

/** The options of a port on a driver. */
export interface FromDriverOptions {
  /**
   * Stands in front of every key, with a `:` behind it, so that several uses share a store. At most 1,024 bytes of UTF-8;
   * a `:` inside it is encoded, so that no namespace reaches into another. Empty by default: the whole store belongs to
   * this port.
   */
  readonly namespace?: string | undefined
  /** The most bytes of UTF-8 in a value: an integer from 0 to 268,435,456 (256 MiB), by default 33,554,432 (32 MiB). */
  readonly maxValueBytes?: number | undefined
}

const validate = (options: FromDriverOptions, names?: ReadonlyArray<string>) => {
  if (names !== undefined) {
    const all = ["namespace", "maxValueBytes", ...names]
    Input.onlyOptions(options, (name) => all.includes(name), all.join(", "))
  }
  // Only an absent namespace means the whole store: with `null` for it, `flush` would remove the keys of others.
  const { maxValueBytes, namespace = "" } = options
  return { namespace: Input.namespace(namespace), maxValueBytes: Input.maxValueBytes(maxValueBytes) }
}

/** Fails with `InvalidArgument` on options out of range, and on a name that is neither the port's nor among `names`. */
export const checkOptions = (options: FromDriverOptions, names?: ReadonlyArray<string>) =>
  withInput(
    "layer",
    () => validate(options, names),
    () => Effect.void
  )

/** As `CachePort.fromDriver`. */
export const fromDriver = (driver: CacheDriver, options: FromDriverOptions): CacheOperations => {
  try {
    const { maxValueBytes, namespace } = validate(options)
    return fromSource({ driver, namespace, prefix: prefixOf(namespace), maxValueBytes, writes: new Set() })
  } catch (thrown) {
    return refusing(thrown)
  }
}

/** The prefix of the keys of a namespace. */
export const prefixOf = (namespace: string): string => (namespace === "" ? "" : `${CacheKey.encodePart(namespace)}:`)

export const fromSource = (source: PortSource): CacheOperations => {
  const { driver, maxValueBytes, namespace, prefix } = source
  const { port, readSync } = operations(withPrefix(driver, prefix), CacheStats.countersOf(namespace), maxValueBytes)
  return attach(port, { namespace, source, readSync })
}

/** A port whose options were invalid: every operation fails with the error that says so. */
export const refusing = (thrown: unknown): CacheOperations => {
  const fail = (operation: CacheOperation) => () => Effect.fail(invalidInput(operation, thrown))
  return {
    get: fail("get"),
    getJson: fail("getJson"),
    set: fail("set"),
    setJson: fail("setJson"),
    setIfAbsent: fail("setIfAbsent"),
    delete: fail("delete"),
    deleteMany: fail("deleteMany"),
    getAndDelete: fail("getAndDelete"),
    compareAndDelete: fail("compareAndDelete"),
    getAndExpire: fail("getAndExpire"),
    compareAndExpire: fail("compareAndExpire"),
    exists: fail("exists"),
    expire: fail("expire"),
    ttl: fail("ttl"),
    increment: fail("increment"),
    decrement: fail("decrement"),
    getMany: fail("getMany"),
    setMany: fail("setMany"),
    deletePattern: fail("deletePattern"),
    scan: () => Stream.fail(invalidInput("scan", thrown)),
    flush: fail("flush")(),
    ping: fail("ping")()
  }
}
