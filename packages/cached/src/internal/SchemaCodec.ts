/**
 * Converts the successes of reads to the JSON of entries, and back, by the schema.
 *
 * @internal
 */
import { Exit, Option, Schema } from "effect"
import type { Entry } from "./Envelope.ts"
import type { Answers } from "./Lookup.ts"
import { isPlainData, makeRoundTrip, writesAnything } from "./RoundTrip.ts"

/** A value that cannot be stored. Its reason quotes nothing of the value. */
export class Unstorable {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export class SchemaCodec<A, Answer> {
  readonly #answers: Answers<A, Answer>
  readonly #encode: (value: A) => unknown
  readonly #decode: (json: unknown) => Exit.Exit<A, unknown>
  /** True if a value that was read is as it was when it was written. */
  readonly #isSame: (read: A, written: A) => boolean
  readonly #writesAnything: boolean

  constructor(schema: Schema.Codec<A, unknown>, answers: Answers<A, Answer>) {
    const codec = Schema.toCodecJson(schema)
    this.#answers = answers
    this.#encode = Schema.encodeSync(codec)
    this.#decode = Schema.decodeUnknownExit(codec)
    this.#isSame = makeRoundTrip(schema)
    this.#writesAnything = writesAnything(codec)
  }

  /** The answer in an entry, made anew; undefined where the schema refuses it. */
  answerOf({ json }: Pick<Entry, "json">): Exit.Success<Answer> | undefined {
    if (json === undefined) return Exit.isSuccess(this.#answers.absent) ? this.#answers.absent : undefined
    const exit = this.#decode(json.value)
    return Exit.isSuccess(exit) ? this.#answers.ofDecoded(exit) : undefined
  }

  /** The answer whose value has this JSON; undefined where the schema refuses it. */
  read(json: string): Exit.Success<Answer> | undefined {
    return this.answerOf({ json: { value: JSON.parse(json) } })
  }

  /** The JSON of an answer's value, which is read as the same value. Undefined for an answer without a value. */
  write(answer: Answer): string | Unstorable | undefined {
    const value = this.#answers.valueOf(answer)
    if (Option.isNone(value)) return undefined
    try {
      // Text, since a reader may change the value from now on.
      const encoded = this.#encode(value.value)
      const json = JSON.stringify(encoded)
      if (this.#writesAnything && !isPlainData(encoded)) return readOtherwise
      const read = this.#decode(JSON.parse(json))
      return Exit.isSuccess(read) && this.#isSame(read.value, value.value) ? json : readOtherwise
    } catch {
      return refusedBySchema
    }
  }

  /** The same answer for another reader; the very same where its value cannot be written. */
  copyOf<E>(answer: Exit.Success<Answer, E>): Exit.Success<Answer, E> {
    const json = this.write(answer.value)
    return (typeof json === "string" ? this.read(json) : undefined) ?? answer
  }
}

const readOtherwise = new Unstorable("its JSON would be read as another value")
const refusedBySchema = new Unstorable("its schema refuses it")
