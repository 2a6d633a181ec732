/**
 * The memory driver's hit rate on access traces, beside that of LRU and the best possible.
 *
 * A trace is a file of unsigned 32-bit keys, little-endian, in order of access, gzipped.
 */
import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import { best, hexcache, lru, type Trace } from "./hitRate/caches.ts"
import { asText } from "./outage/report.ts"

const paths = process.argv.slice(2)
if (paths.length === 0) {
  console.error("Usage: node apps/bench/src/hitRate.ts TRACE.gz…")
  process.exit(1)
}

/** Sizes of the cache, in percent of the trace's distinct keys. */
const sizes = [1, 5, 10, 20]

const read = async (path: string): Promise<Trace> => {
  const bytes = await promisify(gunzip)(await readFile(path))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, at) => view.getUint32(4 * at, true))
}

/** How far from LRU to the best possible, 0 to 1. */
const wayOf = (from: number, ours: number, to: number): number => (to === from ? 1 : (ours - from) / (to - from))

const figure = (rate: number): string => rate.toFixed(1)
const mean = (numbers: ReadonlyArray<number>): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

const rows: Array<ReadonlyArray<string>> = [
  ["trace", "% of keys", "entries", "LRU", "hexcache", "best", "over LRU", "of the way"]
]
const all: Array<{ readonly from: number; readonly ours: number; readonly to: number }> = []

for (const path of paths) {
  const trace = await read(path)
  const distinct = new Set(trace).size
  for (const size of sizes) {
    const entries = Math.max(1, Math.floor((distinct * size) / 100))
    const [from, ours, to] = [lru, hexcache, best].map((count) => (100 * count(trace, entries)) / trace.length) as [
      number,
      number,
      number
    ]
    all.push({ from, ours, to })
    rows.push([
      basename(path).replace(/\..*/, ""),
      `${size}`,
      `${entries}`,
      ...[from, ours, to, ours - from].map(figure),
      wayOf(from, ours, to).toFixed(2)
    ])
  }
}

const [from, ours, to] = [all.map((row) => row.from), all.map((row) => row.ours), all.map((row) => row.to)].map(
  mean
) as [number, number, number]
rows.push(["mean", "", "", ...[from, ours, to, ours - from].map(figure), wayOf(from, ours, to).toFixed(2)])

console.log(asText(rows))
console.log(`
The least over LRU: ${Math.min(...all.map((row) => row.ours - row.from)).toFixed(2)} points.
Of the way from LRU to the best possible: ${wayOf(from, ours, to).toFixed(3)} for the mean hit rates, ${mean(
  all.map((row) => wayOf(row.from, row.ours, row.to))
).toFixed(3)} in the mean of the rows.`)
