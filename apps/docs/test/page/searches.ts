/** Searches, and the page that each finds first. */
export const searches: ReadonlyArray<readonly [words: string, address: string]> = [
  ["OTLP", "/telemetry"],
  ["NestJS", "/package/cache-keyv"],
  ["lock", "/recipes"],
  ["session", "/recipes"],
  ["tenant", "/recipes"],
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
