/**
 * The `Cached` of a scenario. Each is made once: the simulation binds it anew in every process.
 */
import type { CachePort } from "@hexcache/cache-port"
import { Cached } from "@hexcache/cached"
import { Context, Data, Effect, Option, Schema } from "effect"
import { type Definition, definitionsOf, type Scenario } from "./Scenario.ts"

export class LookupFailed extends Data.TaggedError("LookupFailed")<{ readonly key: string }> {}

/** How a process looks keys up: with the version of each, or none where it has no value. */
export type LookUp = (
  on: string,
  keys: ReadonlyArray<string>
) => Effect.Effect<ReadonlyArray<number | undefined>, LookupFailed>

/** The lookups of the process that runs an effect. */
export const LookUps: Context.Reference<LookUp> = Context.Reference("@hexcache/schedule-explorer/LookUps", {
  defaultValue: (): LookUp => () => Effect.die("no process")
})

/** The methods of a `Cached` that scenarios use. */
export interface Methods {
  readonly get: (key: string) => Effect.Effect<unknown, LookupFailed>
  readonly getOption: (key: string) => Effect.Effect<unknown>
  readonly getBatched: (key: string) => Effect.Effect<unknown, LookupFailed>
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, unknown>, LookupFailed>
  readonly refresh: (key: string) => Effect.Effect<unknown, LookupFailed>
  readonly set: (key: string, value: unknown) => Effect.Effect<void>
  readonly expire: (key: string) => Effect.Effect<void>
  readonly invalidate: (key: string) => Effect.Effect<void>
  readonly invalidateTag: (tag: string) => Effect.Effect<void>
  readonly invalidateAll: Effect.Effect<void>
}

export interface Defined {
  readonly definition: Definition
  readonly bind: Effect.Effect<Methods, never, CachePort>
  readonly valueOf: (key: string, version: number) => unknown
}

const Text = Schema.String
const Struct = Schema.Struct({ text: Schema.String })

/** The key and version that a value is of; undefined for anything else. */
export const versionIn = (value: unknown): readonly [key: string, version: number] | undefined => {
  const plain = Option.isOption(value) ? Option.getOrUndefined(value) : value
  const text = typeof plain === "object" && plain !== null && "text" in plain ? plain.text : plain
  const [, key, version] = typeof text === "string" ? (/^(\w+)@(\d+)$/.exec(text) ?? []) : []
  return key === undefined ? undefined : [key, Number(version)]
}

const define = (on: string, definition: Definition): Defined => {
  const { isBatched = false, isOtherSchema = false, negativeTtl, tags, ...options } = definition
  const valueOf = (key: string, version: number) => {
    const text = `${key}@${version}`
    return isOtherSchema ? { text } : text
  }
  const lookUp = (keys: ReadonlyArray<string>) => Effect.withFiber((fiber) => fiber.getRef(LookUps)(on, keys))
  const answerOf = (key: string, version: number | undefined) => {
    if (negativeTtl === undefined) return valueOf(key, version ?? 0)
    return version === undefined ? Option.none() : Option.some(valueOf(key, version))
  }
  // biome-ignore lint/suspicious/noExplicitAny: which options there are is known at run time only.
  const all: any = {
    ttl: 60_000,
    ...options,
    namespace: "n",
    schema: isOtherSchema ? Struct : Text,
    lookup: (key: string) => Effect.map(lookUp([key]), ([version]) => answerOf(key, version))
  }
  if (negativeTtl !== undefined) all.negativeTtl = negativeTtl
  if (isBatched) {
    all.lookupMany = (keys: ReadonlyArray<string>) =>
      Effect.map(lookUp(keys), (versions) =>
        keys.flatMap((key, index) => {
          const version = versions[index]
          return version === undefined ? [] : [[key, valueOf(key, version)]]
        })
      )
  }
  if (tags !== undefined) {
    all.tags = (value: unknown) => {
      const seen = versionIn(value)
      return seen === undefined ? [] : tags(...seen)
    }
  }
  return { definition, bind: Cached.make(all) as unknown as Defined["bind"], valueOf }
}

const defined = new WeakMap<Scenario, ReadonlyMap<string, Defined>>()

/** The `Cached` of a scenario, by name. */
export const definedBy = (scenario: Scenario): ReadonlyMap<string, Defined> => {
  let all = defined.get(scenario)
  if (all === undefined) {
    all = new Map(Object.entries(definitionsOf(scenario)).map(([name, definition]) => [name, define(name, definition)]))
    defined.set(scenario, all)
  }
  return all
}
