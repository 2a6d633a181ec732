/**
 * The generations of a key, as one read of the store found them.
 *
 * @internal
 */
import type { Entry } from "./Envelope.ts"

/** The state of a key in the store at one read. */
export interface Snapshot {
  /** The text under the entry's key, valid or not. */
  readonly written: string | undefined
  /** The entry of this text, if its generations stand. */
  readonly entry: Entry | undefined
  readonly all: string | undefined
  readonly own: string | undefined
  /** The watermark of tags; also undefined where values have no tags. */
  readonly watermark: string | undefined
  /** The tags that the next value is expected to have. */
  readonly expectedTags: ExpectedTags
  /** The generations of those of them that were read. */
  readonly tags: ReadonlyMap<string, string>
}

/** Tags, of an entry with their generations. */
export type ExpectedTags = ReadonlyArray<readonly [tag: string, generation?: string]>

/** The generations that a lookup begins under. */
export interface Generations {
  readonly all: string
  readonly own: string
  readonly watermark: string | undefined
  readonly tags: ReadonlyMap<string, string>
}

/** The generations of a snapshot; undefined where one is missing. */
export const generationsOf = (snapshot: Snapshot | undefined, own = snapshot?.own): Generations | undefined =>
  snapshot?.all === undefined || own === undefined
    ? undefined
    : { all: snapshot.all, own, watermark: snapshot.watermark, tags: snapshot.tags }

/** True unless a snapshot shows that one of the generations was deleted. */
export const stand = ({ all, own, watermark }: Generations, snapshot: Snapshot): boolean =>
  all === snapshot.all && own === snapshot.own && watermark === snapshot.watermark

export const noTags: ReadonlyMap<string, string> = new Map()
