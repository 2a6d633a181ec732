/**
 * A code in which a `Cached` writes the text of an entry into its cache, compressed for example. The text is JSON of an
 * array, and so begins with `[`.
 */
export interface Codec {
  /**
   * Encodes a text: returns well-formed Unicode that does not begin with `[`, or the text itself. If it throws, the
   * `Cached` writes the text itself.
   */
  readonly encode: (text: string) => string
  /**
   * Decodes the result of `encode`, and returns a text that begins with `[`, from before there was a codec, as it is.
   * Returns `undefined`, or throws, for anything else, which is a miss.
   */
  readonly decode: (written: string) => string | undefined
}
