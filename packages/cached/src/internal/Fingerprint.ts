/**
 * A short name for the shape of a schema.
 *
 * @internal
 */
import { Schema } from "effect"

/**
 * Makes 16 hexadecimal digits of a schema: the same in every process, and others once its type or its JSON form changes.
 * Documentation does not count, and neither does code: the body of a custom check or of a transformation.
 */
export const fingerprintOf = (schema: Schema.Constraint): string =>
  hash(JSON.stringify([Schema.toCodecJson(schema), Schema.toType(schema)].map(shapeOf), plain))

const shapeOf = (schema: Schema.Constraint) => Schema.toRepresentation(schema)

const plain = (name: string, value: unknown): unknown => {
  if (name === "annotations") return undefined
  return typeof value === "bigint" || typeof value === "symbol" || value instanceof RegExp ? String(value) : value
}

/** Twice FNV-1a of 32 bits, from two beginnings. */
const hash = (text: string): string => fnv(text, 0x811c9dc5) + fnv(text, 0x9747b28c)

const fnv = (text: string, beginning: number): string => {
  let state = beginning
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  }
  return (state >>> 0).toString(16).padStart(8, "0")
}
