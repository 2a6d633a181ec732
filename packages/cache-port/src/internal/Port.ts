/**
 * How a port comes to be: on a driver, as a part of another one, or as one whose options were refused.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import type { CacheError, CacheOperation } from "../CacheError.ts"
import * as CacheKey from "../CacheKey.ts"
import type { CachePort, FromDriverOptions } from "../CachePort.ts"
import * as CacheStats from "../CacheStats.ts"
import type { Ground, SyncReader } from "./Asking.ts"
import { checked, refused } from "./Checked.ts"
import { delegate } from "./Delegate.ts"
import * as Input from "./Input.ts"
import { partOf } from "./Layered.ts"
import { named, namespaceOf } from "./Namespace.ts"
import { operations } from "./Operations.ts"
import { partOfWhole } from "./Origin.ts"

type Service = CachePort["Service"]

/** Options that break a law, or have a name that is not among these, as the failure of a layer. */
export const checkOptions = (
  options: FromDriverOptions,
  names: ReadonlyArray<string> | undefined
): Effect.Effect<void, CacheError> =>
  checked(
    "layer",
    () => {
      if (names !== undefined) {
        const all = ["namespace", "maxValueBytes", ...names]
        Input.onlyOptions(options, (name) => all.includes(name), all.join(", "))
      }
      Input.namespace(namespaceIn(options))
      Input.maxValueBytes(options.maxValueBytes)
    },
    () => Effect.void
  )

/** Only what is left out means the whole store: anything else that is no text would flush what is not its own. */
const namespaceIn = ({ namespace = "" }: FromDriverOptions): string => namespace

const grounds = new WeakMap<Service, Ground>()

const readers = new WeakMap<Service, SyncReader>()

/** Undefined for a cache that cannot answer at once, and for one with a layer around it. */
export const syncReaderOf = (cache: Service): SyncReader | undefined => readers.get(cache)

export const fromDriver = (driver: CacheDriver, options: FromDriverOptions): Service => {
  try {
    const namespace = Input.namespace(namespaceIn(options))
    return make({
      driver,
      namespace,
      prefix: prefixOf(namespace),
      maxValueBytes: Input.maxValueBytes(options.maxValueBytes)
    })
  } catch (thrown) {
    return refusing(thrown)
  }
}

export const namespaced = (cache: Service, namespace: string): Service => {
  const part = partIn(cache, namespace)
  return partOfWhole(cache, isNamespace(namespace) ? prefixOf(namespace) : ":", part)
}

const isNamespace = (input: unknown): boolean => {
  try {
    return Input.namespace(input) === input
  } catch {
    return false
  }
}

const partIn = (cache: Service, namespace: string): Service => {
  const part = partOf(cache, (below) => namespaced(below, namespace))
  if (part !== undefined) return part
  try {
    const inner = Input.namespace(namespace)
    const outer = grounds.get(cache)
    const name = [namespaceOf(cache), inner].filter((name) => name !== "").join(":")
    if (outer === undefined) return named(delegate(cache, prefixOf(inner), CacheStats.countersOf(inner)), name)
    return make({ ...outer, prefix: outer.prefix + prefixOf(inner), namespace: name })
  } catch (thrown) {
    return refusing(thrown)
  }
}

const prefixOf = (namespace: string): string => (namespace === "" ? "" : `${CacheKey.encodePart(namespace)}:`)

const make = (ground: Ground): Service => {
  const { port, readNow } = operations(ground)
  grounds.set(port, ground)
  if (readNow !== undefined) readers.set(port, readNow)
  return named(port, ground.namespace)
}

/** A port whose options broke a law: every operation says so. */
const refusing = (thrown: unknown): Service => {
  const fail = (operation: CacheOperation) => () => Effect.fail(refused(operation, thrown))
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
    exists: fail("exists"),
    expire: fail("expire"),
    ttl: fail("ttl"),
    increment: fail("increment"),
    decrement: fail("decrement"),
    getMany: fail("getMany"),
    setMany: fail("setMany"),
    deletePattern: fail("deletePattern"),
    scan: () => Stream.fail(refused("scan", thrown)),
    flush: fail("flush")(),
    ping: fail("ping")()
  }
}
