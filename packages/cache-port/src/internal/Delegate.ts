/**
 * A part of a port that no driver stands behind: a test's own fake, or somebody's layer around another port. Every
 * member asks the same member of the outer port, so that what the outer one does is kept.
 *
 * @internal
 */
import { Effect, Option, Stream } from "effect"
import { CacheError, type CacheErrorInput, type CacheErrorReason, type CacheOperation } from "../CacheError.ts"
import type { CachePort } from "../CachePort.ts"
import type { Counters } from "../CacheStats.ts"
import * as Glob from "../Glob.ts"
import { checked } from "./Checked.ts"
import * as Input from "./Input.ts"

type Service = CachePort["Service"]

/** The keys of `outer` that begin with `prefix`. Here a key's limit counts the prefix too. */
export const delegate = (outer: Service, prefix: string, counters: Counters): Service => {
  /** The outer port's failure, with the caller's key. */
  const own = <A>(asked: Effect.Effect<A, CacheError>, subject: Pick<CacheErrorInput, "key" | "keys"> = {}) =>
    Effect.mapError(asked, (error) => restate(error, subject))

  const restate = ({ operation, outcome, reason, serverCode }: CacheError, subject: typeof noSubject) => {
    if (!isInput(operation, reason)) counters.errors++
    return new CacheError({ operation, reason, outcome, serverCode, ...subject })
  }

  const count = (value: Option.Option<unknown>): void => {
    if (Option.isSome(value)) counters.hits++
    else counters.misses++
  }

  const counted = <A>(asked: Effect.Effect<Option.Option<A>, CacheError>) =>
    Effect.tap(asked, (value) => Effect.sync(() => count(value)))

  const withKey = <A>(
    operation: Parameters<typeof checked>[0],
    input: unknown,
    ask: (key: string) => Effect.Effect<A, CacheError>
  ) =>
    checked(
      operation,
      () => Input.key(input),
      (key) => own(ask(prefix + key), { key })
    )

  return {
    get: (key) => withKey("get", key, (key) => counted(outer.get(key))),
    getJson: (key) => withKey("getJson", key, (key) => counted(outer.getJson(key))),
    set: (key, value, options) => withKey("set", key, (key) => outer.set(key, value, options)),
    setJson: (key, value, options) => withKey("setJson", key, (key) => outer.setJson(key, value, options)),
    setIfAbsent: (key, value, options) => withKey("setIfAbsent", key, (key) => outer.setIfAbsent(key, value, options)),
    delete: (key) => withKey("delete", key, (key) => outer.delete(key)),
    deleteMany: (keys) =>
      checked(
        "deleteMany",
        () => Input.keys(keys),
        (keys) => own(outer.deleteMany(keys.map((key) => prefix + key)), { keys })
      ),
    getAndDelete: (key) => withKey("getAndDelete", key, (key) => counted(outer.getAndDelete(key))),
    compareAndDelete: (key, expected) =>
      withKey("compareAndDelete", key, (key) => outer.compareAndDelete(key, expected)),
    exists: (key) => withKey("exists", key, (key) => outer.exists(key)),
    expire: (key, ttl) => withKey("expire", key, (key) => outer.expire(key, ttl)),
    ttl: (key) => withKey("ttl", key, (key) => outer.ttl(key)),
    increment: (key, amount, options) => withKey("increment", key, (key) => outer.increment(key, amount, options)),
    decrement: (key, amount, options) => withKey("decrement", key, (key) => outer.decrement(key, amount, options)),
    getMany: (keys) =>
      checked(
        "getMany",
        () => Input.keys(keys),
        (keys) =>
          Effect.map(own(outer.getMany(keys.map((key) => prefix + key)), { keys }), (found) => {
            found.forEach(count)
            return new Map(Array.from(found, ([key, value]) => [key.slice(prefix.length), value]))
          })
      ),
    setMany: (entries, options) =>
      checked(
        "setMany",
        () => Input.list(entries, Input.pair),
        (entries) =>
          own(
            outer.setMany(
              entries.map(([key, value]) => [prefix + key, value as string]),
              options
            ),
            {
              keys: entries.map(([key]) => key)
            }
          )
      ),
    deletePattern: (pattern) =>
      checked(
        "deletePattern",
        () => Input.pattern(pattern),
        (pattern) => own(outer.deletePattern(Glob.escape(prefix) + pattern))
      ),
    scan: (pattern) =>
      Stream.unwrap(
        checked(
          "scan",
          () => Input.pattern(pattern),
          (pattern) =>
            Effect.succeed(
              outer.scan(Glob.escape(prefix) + pattern).pipe(
                Stream.map((key) => key.slice(prefix.length)),
                Stream.mapError((error) => restate(error, noSubject))
              )
            )
        )
      ),
    flush: Effect.suspend(() =>
      prefix === ""
        ? own(outer.flush)
        : Effect.asVoid(
            Effect.mapError(
              own(outer.deletePattern(`${Glob.escape(prefix)}*`)),
              ({ outcome, reason, serverCode }) => new CacheError({ operation: "flush", reason, outcome, serverCode })
            )
          )
    ),
    ping: Effect.suspend(() => own(outer.ping))
  }
}

const noSubject: Pick<CacheErrorInput, "key" | "keys"> = {}

/** What the caller's own input was refused for. */
const isInput = (operation: CacheOperation, reason: CacheErrorReason): boolean =>
  reason._tag === "InvalidArgument" || (operation === "setJson" && reason._tag === "InvalidValue")
