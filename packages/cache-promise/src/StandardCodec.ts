/**
 * Schemas of `Cached` made of Standard Schemas.
 *
 * @internal
 */
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { Effect, Schema, SchemaGetter, SchemaIssue } from "effect"

/**
 * Makes a codec of the values that `schema` accepts, written as their JSON; without a schema, of all that JSON has. A read
 * validates a copy of the JSON, since a schema may return its input, and a reader owns its value.
 */
export const standardCodec = <A>(schema: StandardSchemaV1<unknown, A> | undefined): Schema.Codec<A, unknown> =>
  Schema.Json.pipe(
    Schema.decodeTo(Schema.Any, {
      decode: SchemaGetter.transformEffect((json: unknown) => validate(schema, copyOf(json))),
      encode: SchemaGetter.transform(toJson)
    })
  ) as Schema.Codec<A, unknown>

const validate = (schema: StandardSchemaV1 | undefined, json: unknown): Effect.Effect<unknown, SchemaIssue.Issue> => {
  if (schema === undefined) return Effect.succeed(json)
  const result = schema["~standard"].validate(json)
  if (result instanceof Promise) {
    // A schema that validates asynchronously accepts nothing here.
    result.catch(() => undefined)
    return Effect.fail(new SchemaIssue.InvalidValue())
  }
  return result.issues === undefined && "value" in result
    ? Effect.succeed(result.value)
    : Effect.fail(new SchemaIssue.InvalidValue())
}

const copyOf = (json: unknown): unknown => {
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(copyOf)
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, copyOf(value)]))
}

/** Throws for an object that JSON would turn into another one, a `Map` for example. */
const toJson = (value: unknown): Schema.Json => JSON.parse(JSON.stringify(value, refuseForeign))

function refuseForeign(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[name]
  if (typeof value === "object" && value !== null && !isPlain(original)) throw new TypeError("JSON has no such object")
  return value
}

const isPlain = (value: unknown): boolean => {
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
