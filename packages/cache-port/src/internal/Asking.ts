/**
 * What a port asks of its driver: keys get their namespace, failures become errors, answers are counted.
 *
 * A driver that can answer at once, or by a callback, is asked so: an Effect around each answer would cost more than it.
 *
 * @internal
 */
import { Effect, Exit, type Fiber, Option } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import { CacheError, type CacheErrorInput, type CacheOperation } from "../CacheError.ts"
import * as CacheStats from "../CacheStats.ts"
import { DriverFailure } from "../DriverFailure.ts"
import { Async, type DriverCallback, type DriverResult } from "../FastPaths.ts"
import * as Input from "./Input.ts"

/** What a port stands on, so that `namespaced` can build on the driver itself. */
export interface Ground {
  readonly driver: CacheDriver
  readonly prefix: string
  readonly namespace: string
  readonly maxValueBytes: number
}

/**
 * As `getMany` of distinct keys, without an Effect and a `Map` around the answer; for a read of the port's own that many
 * wait for. `Async` where it has to be asked as always, be it that its keys are refused there.
 */
export type SyncReader = (
  keys: ReadonlyArray<string>,
  fiber: Fiber.Fiber<unknown, unknown>
) => ReadonlyArray<string | undefined> | CacheError | Async

/** What a failed operation was asked of. */
type Subject = Pick<CacheErrorInput, "key" | "keys">

const toMaybe = (value: string | undefined): Option.Option<string> =>
  value === undefined ? Option.none() : Option.some(value)

const nothing = (): void => undefined

const itself = <A>(answer: A): A => answer

/** The ways in which one port asks. */
export const asking = ({ driver, namespace, prefix }: Ground) => {
  const { callback, sync } = driver.fastPaths?.(prefix) ?? {}
  const counters = CacheStats.countersOf(namespace)

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
    answer: DriverResult<A>,
    operation: CacheOperation,
    key: string,
    succeed: (answer: A) => B
  ): Exit.Exit<B, CacheError> =>
    answer instanceof DriverFailure ? Exit.fail(failure(operation, { key }, answer)) : Exit.succeed(succeed(answer))

  /** Resumes the one Effect around an operation that is answered by a callback. */
  const resuming =
    <A, B>(
      resume: (exit: Exit.Exit<B, CacheError>) => void,
      operation: CacheOperation,
      key: string,
      succeed: (answer: A) => B
    ): DriverCallback<A> =>
    (answer) =>
      resume(answered(answer, operation, key, succeed))

  const getBy = callback?.get
  const readLater =
    getBy === undefined
      ? <B>(operation: CacheOperation, key: string, succeed: (value: string | undefined) => B) =>
          settle(driver.get(prefix + key), operation, { key }, succeed)
      : <B>(operation: CacheOperation, key: string, succeed: (value: string | undefined) => B) =>
          Effect.callback<B, CacheError>((resume) => getBy(key, resuming(resume, operation, key, succeed)))

  /** Asks the store at once, and as always where it cannot tell yet. */
  const soon = <A, B>(
    operation: CacheOperation,
    key: string,
    now: (fiber: Fiber.Fiber<unknown, unknown>) => DriverResult<A> | Async,
    later: () => Effect.Effect<B, CacheError>,
    succeed: (answer: A) => B
  ): Effect.Effect<B, CacheError> =>
    Effect.withFiber((fiber) => {
      const answer = now(fiber)
      return answer === Async ? later() : answered(answer, operation, key, succeed)
    })

  /** Reads one text, in the leanest way that the driver offers. */
  const read =
    sync === undefined
      ? readLater
      : <B>(operation: CacheOperation, key: string, succeed: (value: string | undefined) => B) =>
          // As `soon`, which would cost a tenth more here.
          Effect.withFiber<B, CacheError>((fiber) => {
            const answer = sync.get(key, fiber)
            return answer === Async ? readLater(operation, key, succeed) : answered(answer, operation, key, succeed)
          })

  const count = (value: string | undefined): void => {
    if (value === undefined) counters.misses++
    else counters.hits++
  }

  const counted = (value: string | undefined): Option.Option<string> => {
    count(value)
    return toMaybe(value)
  }

  /** An answer for each distinct key, in the order of their first places; none is found yet. */
  const unanswered = (keys: ReadonlyArray<string>): Map<string, Option.Option<string>> => {
    const found = new Map<string, Option.Option<string>>()
    const none = Option.none<string>()
    for (const key of keys) found.set(key, none)
    return found
  }

  const fill = (
    found: Map<string, Option.Option<string>>,
    keys: ReadonlyArray<string>,
    values: ReadonlyArray<string | undefined>
  ) => {
    for (let index = 0; index < keys.length; index++) {
      const value = values[index]
      count(value)
      if (value !== undefined) found.set(keys[index] as string, Option.some(value))
    }
    return found
  }

  const getManyNow = sync?.getMany
  /** Of keys that may repeat themselves, at least one. */
  const getMany = (all: ReadonlyArray<string>): Effect.Effect<Map<string, Option.Option<string>>, CacheError> =>
    Effect.withFiber((fiber) => {
      // Also tells whether any key comes twice.
      const found = unanswered(all)
      const keys = found.size === all.length ? all : Array.from(found.keys())
      const answer = getManyNow === undefined ? Async : getManyNow(keys, fiber)
      if (answer === Async) {
        return settle(driver.getMany(prefixed(keys)), "getMany", { keys }, (values) => fill(found, keys, values))
      }
      return answer instanceof DriverFailure
        ? Exit.fail(failure("getMany", { keys }, answer))
        : Exit.succeed(fill(found, keys, answer))
    })

  const setBy = callback?.set
  const setLater =
    setBy === undefined
      ? (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          relay(driver.set(prefix + key, value, ttl), operation, { key })
      : (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          Effect.callback<void, CacheError>((resume) =>
            setBy(key, value, ttl, resuming(resume, operation, key, nothing))
          )

  const setNow = sync?.set
  const set =
    setNow === undefined
      ? setLater
      : (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          soon(
            operation,
            key,
            (fiber) => setNow(key, value, ttl, fiber),
            () => setLater(operation, key, value, ttl),
            nothing
          )

  const incrementBy = callback?.increment
  const incrementLater =
    incrementBy === undefined
      ? (operation: CacheOperation, key: string, amount: number, ttl: number | undefined) =>
          relay(driver.increment(prefix + key, amount, ttl), operation, { key })
      : (operation: CacheOperation, key: string, amount: number, ttl: number | undefined) =>
          Effect.callback<number, CacheError>((resume) =>
            incrementBy(key, amount, ttl, resuming(resume, operation, key, itself<number>))
          )

  const incrementNow = sync?.increment
  const increment =
    incrementNow === undefined
      ? incrementLater
      : (operation: CacheOperation, key: string, amount: number, ttl: number | undefined) =>
          soon(
            operation,
            key,
            (fiber) => incrementNow(key, amount, ttl, fiber),
            () => incrementLater(operation, key, amount, ttl),
            itself
          )

  const readNow: SyncReader | undefined =
    getManyNow === undefined
      ? undefined
      : (keys, fiber) => {
          if (!keys.every(Input.isKey)) return Async
          const answer = getManyNow(keys, fiber)
          if (answer === Async) return Async
          if (answer instanceof DriverFailure) return failure("getMany", { keys }, answer)
          for (const value of answer) count(value)
          return answer
        }

  return { counted, counters, failure, getMany, increment, prefixed, read, readNow, relay, set, settle, toMaybe }
}
