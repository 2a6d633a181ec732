/**
 * The text of an entry: one line of JSON with the value, its times and its generations.
 *
 * @internal
 */
import type { Codec } from "@hexcache/cache-port"

/** Times are milliseconds of the epoch; `Infinity` for no end. */
interface EntryHead {
  /** The generation of all entries that the lookup began under. */
  readonly all: string
  /** The generation of the key that the lookup began under. */
  readonly own: string
  /** Each tag of the value with its generation. */
  readonly tags: ReadonlyArray<readonly [tag: string, generation: string]>
  readonly freshUntil: number
  readonly servedUntil: number
  /** The duration of the lookup in milliseconds. */
  readonly took: number
}

/** An entry that was read. It is valid while the store holds its generations. */
export interface Entry extends EntryHead {
  /** The parsed JSON of the value; none for a key that has no value. */
  readonly json: { readonly value: unknown } | undefined
}

/** An entry to be written. */
export interface NewEntry extends EntryHead {
  /** The JSON of the value, as text; none for a key that has no value. */
  readonly json: string | undefined
}

const version = 1

export const encode = ({ all, freshUntil, json, own, servedUntil, tags, took }: NewEntry, codec?: Codec): string => {
  const head = JSON.stringify([version, freshUntil, servedUntil, took, all, own, tags])
  const text = json === undefined ? head : `${head.slice(0, -1)},${json}]`
  try {
    return codec === undefined ? text : codec.encode(text)
  } catch {
    return text
  }
}

/** Undefined for a text that is no entry, or one of another version or codec. */
export const decode = (written: string, codec?: Codec): Entry | undefined => {
  try {
    const text = codec === undefined ? written : codec.decode(written)
    return text?.startsWith(beginning) ? entryOf(JSON.parse(text)) : undefined
  } catch {
    return undefined
  }
}

const beginning = `[${version},`

const entryOf = (parsed: ReadonlyArray<unknown>): Entry | undefined => {
  const [, fresh, served, took, all, own, tags] = parsed
  const freshUntil = fresh === null ? Infinity : fresh
  const servedUntil = served === null ? Infinity : served
  if (typeof freshUntil !== "number" || typeof servedUntil !== "number" || typeof took !== "number") return undefined
  if (typeof all !== "string" || typeof own !== "string" || !Array.isArray(tags) || !tags.every(isTag)) return undefined
  const json = parsed.length > 7 ? { value: parsed[7] } : undefined
  return { freshUntil, servedUntil, took, all, own, tags, json }
}

const isTag = (tag: unknown): boolean =>
  Array.isArray(tag) && tag.length === 2 && typeof tag[0] === "string" && typeof tag[1] === "string"
