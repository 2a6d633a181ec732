/**
 * Calls to the driver of a port: its failures become errors with their context, and hits, misses and errors count.
 *
 * Uses the driver's fast paths where it has them: an Effect around each result costs more than the result.
 *
 * @internal
 */
import { Effect, Exit, identity, Option } from "effect"
import type { CacheDriver } from "../CacheDriver.ts"
import { CacheError, type CacheErrorInput, type CacheOperation } from "../CacheError.ts"
import type { Counters } from "../CacheStats.ts"
import { DriverFailure } from "../DriverFailure.ts"
import { Async, type Caller, type Cancel, type DriverCallback, type DriverResult } from "../FastPaths.ts"
import * as Input from "./Input.ts"
import type { SyncReader } from "./PortInternals.ts"

/** The keys of an operation, for its error. */
type Subject = Pick<CacheErrorInput, "key" | "keys">

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
          Effect.callback<B, CacheError>((resume) =>
            getByCallback(key, (result) => resume(toExit(result, operation, key, f)))
          )
  const get =
    sync === undefined
      ? getAsync
      : <B>(operation: CacheOperation, key: string, f: (value: string | undefined) => B) =>
          Effect.withFiber<B, CacheError>((fiber) => {
            const result = sync.get(key, fiber)
            return result === Async ? getAsync(operation, key, f) : toExit(result, operation, key, f)
          })

  /** Writes one key by the fastest path that the driver has for the operation. */
  const write = <V, A>(
    bySync: ((key: string, value: V, ttl: number | undefined, caller: Caller) => DriverResult<A> | Async) | undefined,
    byCallback: ((key: string, value: V, ttl: number | undefined, callback: DriverCallback<A>) => Cancel) | undefined,
    byEffect: (key: string, value: V, ttl: number | undefined) => Effect.Effect<A, DriverFailure>
  ) => {
    const writeAsync =
      byCallback === undefined
        ? (operation: CacheOperation, key: string, value: V, ttl: number | undefined) =>
            mapFailure(byEffect(key, value, ttl), operation, { key })
        : (operation: CacheOperation, key: string, value: V, ttl: number | undefined) =>
            Effect.callback<A, CacheError>((resume) =>
              byCallback(key, value, ttl, (result) => resume(toExit(result, operation, key, identity<A>)))
            )
    return bySync === undefined
      ? writeAsync
      : (operation: CacheOperation, key: string, value: V, ttl: number | undefined) =>
          Effect.withFiber<A, CacheError>((fiber) => {
            const result = bySync(key, value, ttl, fiber)
            return result === Async
              ? writeAsync(operation, key, value, ttl)
              : toExit(result, operation, key, identity<A>)
          })
  }
  const set = write(sync?.set, callback?.set, (key, value: string, ttl) => driver.set(key, value, ttl))
  const increment = write(sync?.increment, callback?.increment, (key, amount: number, ttl) =>
    driver.increment(key, amount, ttl)
  )

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
    ((keys, caller) => {
      if (!keys.every(Input.isKey)) return Async
      const result = getManySync(keys, caller)
      if (result === Async) return Async
      if (result instanceof DriverFailure) return toError("getMany", { keys }, result)
      for (const value of result) count(value)
      return result
    })

  return { countAndWrap, get, getMany, increment, mapFailure, mapResult, readSync, set, toError }
}

const noValue = Option.none<string>()
