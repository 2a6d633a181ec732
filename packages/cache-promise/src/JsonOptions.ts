/**
 * JSON with a schema.
 */
import { CacheError, InvalidValue } from "@hexcache/cache-port"
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { Effect, Option } from "effect"
import type { CallOptions } from "./CallOptions.ts"

/** The options of `getJson` with a schema. */
export interface JsonOptions<A> extends CallOptions {
  /** Checks the JSON of the value: any Standard Schema, of Zod, Valibot, ArkType or Effect for example. */
  readonly schema: StandardSchemaV1<unknown, A>
}

/**
 * Returns what the schema makes of the JSON of a key. The error quotes nothing of it.
 *
 * @internal
 */
export const validateJson =
  <A>(key: string, schema: StandardSchemaV1<unknown, A>) =>
  (json: Option.Option<unknown>): Effect.Effect<Option.Option<A>, CacheError> => {
    if (Option.isNone(json)) return Effect.succeedNone
    const refuse = () =>
      new CacheError({
        operation: "getJson",
        key,
        reason: new InvalidValue({ message: "the schema refuses the stored JSON" })
      })
    return Effect.flatMap(
      Effect.tryPromise({ try: async () => schema["~standard"].validate(json.value), catch: refuse }),
      (result) => (result.issues === undefined ? Effect.succeedSome(result.value) : Effect.fail(refuse()))
    )
  }
