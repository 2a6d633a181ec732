/**
 * Between port and driver: what is the same for every store.
 *
 * @internal
 */
import { Effect, Exit, type Fiber, Option, type Schema, Stream } from "effect"
import { type Answer, type CacheDriver, DriverFailure, Later } from "./CacheDriver.ts"
import { CacheError, type CacheErrorInput, type CacheOperation, InvalidValue } from "./CacheError.ts"
import * as CacheKey from "./CacheKey.ts"
import type { CachePort, FromDriverOptions, SetOptions } from "./CachePort.ts"
import * as CacheStats from "./CacheStats.ts"
import { checked, ofKey, refused } from "./Checked.ts"
import { delegate } from "./Delegate.ts"
import * as Glob from "./Glob.ts"
import * as Input from "./Input.ts"
import { partOf } from "./Layered.ts"
import { named, namespaceOf } from "./Namespace.ts"

type Service = CachePort["Service"]

/** What a port stands on, so that `namespaced` can build on the driver itself. */
interface Ground {
  readonly driver: CacheDriver
  readonly prefix: string
  readonly namespace: string
  readonly maxValueBytes: number
}

/** Options that break a law, as the failure of a layer. */
export const checkOptions = (options: FromDriverOptions): Effect.Effect<void, CacheError> =>
  checked(
    "layer",
    () => {
      Input.namespace(namespaceIn(options))
      Input.maxValueBytes(options.maxValueBytes)
    },
    () => Effect.void
  )

/** Only what is left out means the whole store: anything else that is no text would flush what is not its own. */
const namespaceIn = ({ namespace = "" }: FromDriverOptions): string => namespace

const grounds = new WeakMap<Service, Ground>()

/**
 * As `getMany` of distinct keys, without an Effect and a `Map` around the answer; for a read of the port's own that many
 * wait for. `Later` where it has to be asked as always, be it that its keys are refused there.
 */
export type ReadNow = (
  keys: ReadonlyArray<string>,
  fiber: Fiber.Fiber<unknown, unknown>
) => ReadonlyArray<string | undefined> | CacheError | Later

const readers = new WeakMap<Service, ReadNow>()

/** Undefined for a cache that cannot answer at once, and for one with a layer around it. */
export const readNowOf = (cache: Service): ReadNow | undefined => readers.get(cache)

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

/** What a failed operation was asked of. */
type Subject = Pick<CacheErrorInput, "key" | "keys">

const toMaybe = (value: string | undefined): Option.Option<string> =>
  value === undefined ? Option.none() : Option.some(value)

const nothing = (): void => undefined

const itself = <A>(answer: A): A => answer

const make = (ground: Ground): Service => {
  const { driver, maxValueBytes, prefix } = ground
  const { getWith, immediate } = driver
  const counters = CacheStats.countersOf(ground.namespace)
  const everything = `${Glob.escape(prefix)}*`

  const failure = (operation: CacheOperation, subject: Subject, { outcome, reason, serverCode }: DriverFailure) => {
    if (reason._tag !== "InvalidArgument") counters.errors++
    return new CacheError({ operation, reason, outcome, serverCode, ...subject })
  }

  const settle = <A, B>(
    asked: Effect.Effect<A, DriverFailure>,
    operation: CacheOperation,
    subject: Subject,
    succeed: (answer: A) => B
  ): Effect.Effect<B, CacheError> =>
    Effect.matchEffect(asked, {
      onFailure: (failed) => Effect.fail(failure(operation, subject, failed)),
      onSuccess: (answer) => Effect.succeed(succeed(answer))
    })

  const relay = <A>(
    asked: Effect.Effect<A, DriverFailure>,
    operation: CacheOperation,
    subject: Subject
  ): Effect.Effect<A, CacheError> => Effect.mapError(asked, (failed) => failure(operation, subject, failed))

  const prefixed = (keys: ReadonlyArray<string>) => keys.map((key) => prefix + key)

  const answered = <A, B>(
    answer: Answer<A>,
    operation: CacheOperation,
    key: string,
    succeed: (answer: A) => B
  ): Exit.Exit<B, CacheError> =>
    answer instanceof DriverFailure ? Exit.fail(failure(operation, { key }, answer)) : Exit.succeed(succeed(answer))

  const readLater =
    getWith === undefined
      ? <B>(operation: CacheOperation, key: string, succeed: (value: string | undefined) => B) =>
          settle(driver.get(prefix + key), operation, { key }, succeed)
      : <B>(operation: CacheOperation, key: string, succeed: (value: string | undefined) => B) =>
          Effect.callback<B, CacheError>((resume) =>
            getWith(prefix + key, (answer) => resume(answered(answer, operation, key, succeed)))
          )

  /** Asks the store at once, and as always where it cannot tell yet. */
  const soon = <A, B>(
    operation: CacheOperation,
    key: string,
    now: (fiber: Fiber.Fiber<unknown, unknown>) => Answer<A> | Later,
    later: () => Effect.Effect<B, CacheError>,
    succeed: (answer: A) => B
  ): Effect.Effect<B, CacheError> =>
    Effect.withFiber((fiber) => {
      const answer = now(fiber)
      return answer === Later ? later() : answered(answer, operation, key, succeed)
    })

  /** Reads one text, in the leanest way that the driver offers. */
  const read =
    immediate === undefined
      ? readLater
      : <B>(operation: CacheOperation, key: string, succeed: (value: string | undefined) => B) =>
          // As `soon`, which would cost a tenth more here.
          Effect.withFiber<B, CacheError>((fiber) => {
            const answer = immediate.get(prefix + key, fiber)
            return answer === Later ? readLater(operation, key, succeed) : answered(answer, operation, key, succeed)
          })

  const count = (value: string | undefined): void => {
    if (value === undefined) counters.misses++
    else counters.hits++
  }

  const counted = (value: string | undefined): Option.Option<string> => {
    count(value)
    return toMaybe(value)
  }

  const foundOf = (keys: ReadonlyArray<string>, values: ReadonlyArray<string | undefined>) => {
    const found = new Map<string, Option.Option<string>>()
    for (let index = 0; index < keys.length; index++) found.set(keys[index] as string, counted(values[index]))
    return found
  }

  const getManyLater = (keys: ReadonlyArray<string>) =>
    settle(driver.getMany(prefixed(keys)), "getMany", { keys }, (values) => foundOf(keys, values))

  const getManyNow = immediate?.getMany
  const getMany =
    getManyNow === undefined
      ? getManyLater
      : (keys: ReadonlyArray<string>): ReturnType<typeof getManyLater> =>
          Effect.withFiber((fiber) => {
            const answer = getManyNow(prefixed(keys), fiber)
            if (answer === Later) return getManyLater(keys)
            return answer instanceof DriverFailure
              ? Exit.fail(failure("getMany", { keys }, answer))
              : Exit.succeed(foundOf(keys, answer))
          })

  const withTtl = (key: string, options: unknown) => ({ key: Input.key(key), ttl: Input.ttlOption(options) })

  /** Checks key, value and time to live, then asks. */
  const ofEntry =
    <A>(
      operation: CacheOperation,
      ask: (key: string, value: string, ttl: number | undefined) => Effect.Effect<A, CacheError>
    ) =>
    (key: string, value: string, options?: SetOptions): Effect.Effect<A, CacheError> => {
      let ttl: number | undefined
      try {
        Input.key(key)
        ttl = Input.ttlOption(options)
        Input.value(value, maxValueBytes)
      } catch (thrown) {
        return Effect.fail(refused(operation, thrown, key))
      }
      return ask(key, value, ttl)
    }

  const setLater = (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
    relay(driver.set(prefix + key, value, ttl), operation, { key })

  const setNow = immediate?.set
  const set =
    setNow === undefined
      ? setLater
      : (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          soon(
            operation,
            key,
            (fiber) => setNow(prefix + key, value, ttl, fiber),
            () => setLater(operation, key, value, ttl),
            nothing
          )

  const incrementNow = immediate?.increment
  const add =
    (operation: "increment" | "decrement", sign: 1 | -1): Service["increment"] =>
    (key, amount = 1, options) =>
      checked(
        operation,
        () => ({ ...withTtl(key, options), amount: Input.amount(amount) * sign + 0 }),
        ({ amount, key, ttl }) => {
          const later = () => relay(driver.increment(prefix + key, amount, ttl), operation, { key })
          return incrementNow === undefined
            ? later()
            : soon(operation, key, (fiber) => incrementNow(prefix + key, amount, ttl, fiber), later, itself)
        },
        key
      )

  const port: Service = {
    get: ofKey("get", (key) => read("get", key, counted)),

    getJson: ofKey("getJson", (key) =>
      Effect.flatMap(read("getJson", key, toMaybe), (text) => {
        if (Option.isNone(text)) {
          counters.misses++
          return Effect.succeed(Option.none())
        }
        try {
          const parsed: Schema.Json = JSON.parse(text.value)
          counters.hits++
          return Effect.succeed(Option.some(parsed))
        } catch {
          counters.errors++
          const reason = new InvalidValue({ message: "the stored text is not JSON" })
          return Effect.fail(new CacheError({ operation: "getJson", key, reason }))
        }
      })
    ),

    set: ofEntry("set", (key, value, ttl) => set("set", key, value, ttl)),

    setJson: (key, value, options) =>
      checked(
        "setJson",
        () => withTtl(key, options),
        ({ key, ttl }) => {
          const text = stringify(value)
          if (text === undefined) {
            const reason = new InvalidValue({ message: "the value cannot be written as JSON" })
            return Effect.fail(new CacheError({ operation: "setJson", key, reason }))
          }
          return checked(
            "setJson",
            () => Input.value(text, maxValueBytes),
            (text) => set("setJson", key, text, ttl),
            key
          )
        },
        key
      ),

    setIfAbsent: ofEntry("setIfAbsent", (key, value, ttl) =>
      relay(driver.setIfAbsent(prefix + key, value, ttl), "setIfAbsent", { key })
    ),

    delete: ofKey("delete", (key) =>
      settle(driver.deleteMany([prefix + key]), "delete", { key }, (removed) => removed === 1)
    ),

    deleteMany: (keys) =>
      checked(
        "deleteMany",
        () => Input.keys(keys),
        (keys) =>
          keys.length === 0 ? Effect.succeed(0) : relay(driver.deleteMany(prefixed(keys)), "deleteMany", { keys })
      ),

    getAndDelete: ofKey("getAndDelete", (key) =>
      settle(driver.getAndDelete(prefix + key), "getAndDelete", { key }, counted)
    ),

    compareAndDelete: (key, expected) =>
      checked(
        "compareAndDelete",
        () => ({ key: Input.key(key), expected: Input.value(expected, maxValueBytes) }),
        ({ expected, key }) => relay(driver.compareAndDelete(prefix + key, expected), "compareAndDelete", { key }),
        key
      ),

    exists: ofKey("exists", (key) => relay(driver.exists(prefix + key), "exists", { key })),

    expire: (key, ttl) =>
      checked(
        "expire",
        () => ({ key: Input.key(key), ttl: Input.timeToLive(ttl) }),
        ({ key, ttl }) => relay(driver.expire(prefix + key, ttl), "expire", { key }),
        key
      ),

    ttl: ofKey("ttl", (key) => relay(driver.ttl(prefix + key), "ttl", { key })),

    increment: add("increment", 1),

    decrement: add("decrement", -1),

    getMany: (keys) =>
      checked(
        "getMany",
        () => Input.keys(keys),
        (keys) => (keys.length === 0 ? Effect.succeed(new Map()) : getMany(keys))
      ),

    setMany: (entries, options) =>
      checked(
        "setMany",
        () => ({ entries: Input.entries(entries, maxValueBytes), ttl: Input.ttlOption(options) }),
        ({ entries, ttl }) => {
          if (entries.length === 0) return Effect.void
          const stored = entries.map(([key, value]) => [prefix + key, value] as const)
          return relay(driver.setMany(stored, ttl), "setMany", { keys: entries.map(([key]) => key) })
        }
      ),

    deletePattern: (pattern) =>
      checked(
        "deletePattern",
        () => Input.pattern(pattern),
        (pattern) => relay(driver.deletePattern(Glob.escape(prefix) + pattern), "deletePattern", {})
      ),

    scan: (pattern) =>
      Stream.unwrap(
        checked(
          "scan",
          () => Input.pattern(pattern),
          (pattern) =>
            Effect.sync(() => {
              const seen = new Set<string>()
              return driver.scan(Glob.escape(prefix) + pattern).pipe(
                Stream.mapError((failed) => failure("scan", {}, failed)),
                Stream.map((page) => {
                  const fresh: Array<string> = []
                  for (const key of page) {
                    if (seen.has(key)) continue
                    seen.add(key)
                    fresh.push(key.slice(prefix.length))
                  }
                  return fresh
                }),
                Stream.flattenIterable
              )
            })
        )
      ),

    flush: relay(prefix === "" ? driver.flush : Effect.asVoid(driver.deletePattern(everything)), "flush", {}),

    ping: settle(driver.ping, "ping", {}, () => true as const)
  }

  grounds.set(port, ground)
  if (getManyNow !== undefined) {
    readers.set(port, (keys, fiber) => {
      if (!keys.every(Input.isKey)) return Later
      const answer = getManyNow(prefixed(keys), fiber)
      if (answer === Later) return Later
      if (answer instanceof DriverFailure) return failure("getMany", { keys }, answer)
      for (const value of answer) count(value)
      return answer
    })
  }
  return named(port, ground.namespace)
}

/** The text of a value as JSON, or `undefined` where there is none. */
const stringify = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
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
