/**
 * Measures the cost of `Telemetry.layer` on a `get` of the memory adapter, the shortest operation there is. Each case
 * has processes of its own, in turns; a process prints the median of its rounds.
 */
import { execFileSync } from "node:child_process"
import { Telemetry } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { Effect, Layer, Tracer } from "effect"
import { asText } from "./outage/report.ts"
import { spreadOf } from "./speed/statistics.ts"

const processes = 5
const rounds = 9
const gets = 200_000

const memory = CacheMemory.layer({ namespace: "shop" })
const measured = Layer.provide(Telemetry.layer({ system: "memory" }), memory)
/** Keeps spans nowhere. */
const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })

const cases: Record<string, Layer.Layer<CachePort, unknown>> = {
  "without the layer": memory,
  "metrics, no tracer set": measured,
  "metrics and spans": Layer.merge(measured, Layer.succeed(Tracer.Tracer, tracer))
}

/** Microseconds a `get` that finds its key, one after the other. */
const micros = Effect.gen(function* () {
  const cache = yield* CachePort
  yield* cache.set("key", "value")
  const figures: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint()
    for (let get = 0; get < gets; get++) yield* cache.get("key")
    figures.push(Number(process.hrtime.bigint() - start) / 1_000 / gets)
  }
  return spreadOf(figures).median
})

const [, program = "", name] = process.argv
const layer = name === undefined ? undefined : cases[name]
if (layer !== undefined) {
  console.log(await Effect.runPromise(Effect.provide(micros, layer)))
} else {
  const figures = Object.keys(cases).map((name) => ({ name, all: [] as Array<number> }))
  for (let turn = 0; turn < processes; turn++) {
    for (const { all, name } of figures) all.push(Number(execFileSync(process.execPath, [program, name])))
  }
  const rows = figures.map(({ all, name }) => {
    const { high, low, median } = spreadOf(all)
    return [name, ...[median, low, high].map((figure) => figure.toFixed(2))]
  })
  console.log(asText([["", "median, µs", "quartiles", ""], ...rows]))
}
