/** Searches, and the page that each finds first. */
export const searches: ReadonlyArray<readonly [words: string, address: string]> = [
  ["OTLP", "/telemetry"],
  ["Prometheus", "/telemetry"],
  ["eviction", "/production"],
  ["stampede", "/cached"],
  ["near cache", "/near-cache"],
  ["compression", "/codecs"],
  ["bentocache", "/migration"],
  ["InvalidArgument", "/operations"],
  ["Sentinel", "/production"],
  ["HELLO", "/servers"]
]
