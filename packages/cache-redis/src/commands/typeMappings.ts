/**
 * The types in which node-redis hands over a reply.
 *
 * @internal
 */
import { RESP_TYPES } from "@redis/client"

/** Statuses such as `OK` arrive as bytes, so that none is ever taken for a value. */
const plain = { [RESP_TYPES.SIMPLE_STRING]: Buffer }

/** Type mappings as `sendCommand` takes them; `plain` is that of every command that names no other. */
export const typeMappings = {
  plain: { typeMapping: plain },
  textsAsBytes: { typeMapping: { ...plain, [RESP_TYPES.BLOB_STRING]: Buffer } },
  numbersAsText: { typeMapping: { ...plain, [RESP_TYPES.NUMBER]: String } }
}

export type TypeMapping = keyof typeof typeMappings
