/**
 * Calls to the driver of a port: its failures become errors with their context, and hits, misses and errors count.
 *
 * Uses the driver's fast paths where it has them: an Effect around each result costs more than the result.
 *
 * @internal
 */
import { Effect, Exit, type Fiber, identity, Option } from "effect"
import { constVoid } from "effect/Function"
import type { CacheDriver } from "../CacheDriver.ts"
import { CacheError, type CacheErrorInput, type CacheOperation } from "../CacheError.ts"
import type { Counters } from "../CacheStats.ts"
import { DriverFailure } from "../DriverFailure.ts"
import { Async, type DriverCallback, type DriverResult } from "../FastPaths.ts"
import * as Input from "./Input.ts"
import type { SyncReader } from "./PortInternals.ts"

/** The keys of an operation, for its error. */
type Subject = Pick<CacheErrorInput, "key" | "keys">

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The calls of one port. */
export const driverCalls = (driver: CacheDriver, counters: Counters) => {
  const { callback, sync } = driver.fastPaths?.("") ?? {}

  const toError = (operation: CacheOperation, subject: Subject, { outcome, reason, serverCode }: DriverFailure) => {
    if (reason._tag !== "InvalidArgument") counters.errors++
    return new CacheError({ operation, reason, outcome, serverCode, ...subject })
  }

  const mapFailure = <A>(
    call: Effect.Effect<A, DriverFailure>,
    operation: CacheOperation,
    subject: Subject
  ): Effect.Effect<A, CacheError> => Effect.mapError(call, (failure) => toError(operation, subject, failure))

  const mapResult = <A, B>(
    call: Effect.Effect<A, DriverFailure>,
    operation: CacheOperation,
    subject: Subject,
    f: (result: A) => B
  ): Effect.Effect<B, CacheError> =>
    Effect.matchEffect(call, {
      onFailure: (failure) => Effect.fail(toError(operation, subject, failure)),
      onSuccess: (result) => Effect.succeed(f(result))
    })

  const toExit = <A, B>(
    result: DriverResult<A>,
    operation: CacheOperation,
    key: string,
    f: (result: A) => B
  ): Exit.Exit<B, CacheError> =>
    result instanceof DriverFailure ? Exit.fail(toError(operation, { key }, result)) : Exit.succeed(f(result))

  const resumeWith =
    <A, B>(
      resume: (exit: Exit.Exit<B, CacheError>) => void,
      operation: CacheOperation,
      key: string,
      f: (result: A) => B
    ): DriverCallback<A> =>
    (result) =>
      resume(toExit(result, operation, key, f))

  const count = (value: string | undefined): void => {
    if (value === undefined) counters.misses++
    else counters.hits++
  }

  const countAndWrap = (value: string | undefined): Option.Option<string> => {
    count(value)
    return Option.fromUndefinedOr(value)
  }

  const getByCallback = callback?.get
  const getAsync =
    getByCallback === undefined
      ? <B>(operation: CacheOperation, key: string, f: (value: string | undefined) => B) =>
          mapResult(driver.get(key), operation, { key }, f)
      : <B>(operation: CacheOperation, key: string, f: (value: string | undefined) => B) =>
          Effect.callback<B, CacheError>((resume) => getByCallback(key, resumeWith(resume, operation, key, f)))
  const get =
    sync === undefined
      ? getAsync
      : <B>(operation: CacheOperation, key: string, f: (value: string | undefined) => B) =>
          Effect.withFiber<B, CacheError>((fiber) => {
            const result = sync.get(key, fiber)
            return result === Async ? getAsync(operation, key, f) : toExit(result, operation, key, f)
          })

  const setByCallback = callback?.set
  const setAsync =
    setByCallback === undefined
      ? (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          mapFailure(driver.set(key, value, ttl), operation, { key })
      : (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          Effect.callback<void, CacheError>((resume) =>
            setByCallback(key, value, ttl, resumeWith(resume, operation, key, constVoid))
          )
  const setSync = sync?.set
  const set =
    setSync === undefined
      ? setAsync
      : (operation: CacheOperation, key: string, value: string, ttl: number | undefined) =>
          Effect.withFiber<void, CacheError>((fiber) => {
            const result = setSync(key, value, ttl, fiber)
            return result === Async ? setAsync(operation, key, value, ttl) : toExit(result, operation, key, constVoid)
          })

  const incrementByCallback = callback?.increment
  const incrementAsync =
    incrementByCallback === undefined
      ? (operation: CacheOperation, key: string, amount: number, ttl: number | undefined) =>
          mapFailure(driver.increment(key, amount, ttl), operation, { key })
      : (operation: CacheOperation, key: string, amount: number, ttl: number | undefined) =>
          Effect.callback<number, CacheError>((resume) =>
            incrementByCallback(key, amount, ttl, resumeWith(resume, operation, key, identity<number>))
          )
  const incrementSync = sync?.increment
  const increment =
    incrementSync === undefined
      ? incrementAsync
      : (operation: CacheOperation, key: string, amount: number, ttl: number | undefined) =>
          Effect.withFiber<number, CacheError>((fiber) => {
            const result = incrementSync(key, amount, ttl, fiber)
            return result === Async
              ? incrementAsync(operation, key, amount, ttl)
              : toExit(result, operation, key, identity<number>)
          })

  const getManySync = sync?.getMany
  /** Takes keys that may repeat themselves, at least one, and returns each key once, in the order of their first places. */
  const getMany = (all: ReadonlyArray<string>): Effect.Effect<Map<string, Option.Option<string>>, CacheError> =>
    Effect.withFiber((fiber) => {
      const found = new Map<string, Option.Option<string>>()
      for (const key of all) found.set(key, noValue)
      const keys = found.size === all.length ? all : Array.from(found.keys())
      const fill = (values: ReadonlyArray<string | undefined>) => {
        for (let index = 0; index < keys.length; index++) {
          const value = values[index]
          count(value)
          if (value !== undefined) found.set(keys[index] as string, Option.some(value))
        }
        return found
      }
      const result = getManySync === undefined ? Async : getManySync(keys, fiber)
      if (result === Async) return mapResult(driver.getMany(keys), "getMany", { keys }, fill)
      return result instanceof DriverFailure
        ? Exit.fail(toError("getMany", { keys }, result))
        : Exit.succeed(fill(result))
    })

  const readSync: SyncReader | undefined =
    getManySync &&
    ((keys: ReadonlyArray<string>, fiber: AnyFiber) => {
      if (!keys.every(Input.isKey)) return Async
      const result = getManySync(keys, fiber)
      if (result === Async) return Async
      if (result instanceof DriverFailure) return toError("getMany", { keys }, result)
      for (const value of result) count(value)
      return result
    })

  return { countAndWrap, get, getMany, increment, mapFailure, mapResult, readSync, set, toError }
}

const noValue = Option.none<string>()
