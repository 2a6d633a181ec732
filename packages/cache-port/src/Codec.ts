/**
 * How a `Cached` writes the text of an entry into its cache. A text given to it is JSON of an array, and so begins with
 * `[`.
 */
export interface Codec {
  /**
   * What is written instead: well-formed Unicode, which begins otherwise than with `[`, or the text itself. Where it
   * throws, the text itself is written.
   */
  readonly encode: (text: string) => string
  /**
   * The text of what `encode` wrote, and of what is a text already, written before there was a codec. Undefined, or
   * anything thrown, for what it cannot read: that is a miss.
   */
  readonly decode: (written: string) => string | undefined
}
