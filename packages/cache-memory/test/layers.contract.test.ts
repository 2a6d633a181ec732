/** The port's own layers keep every law of the port. */
import { CacheContract } from "@hexcache/cache-contract"
import { Breaker, FailOpen, Telemetry } from "@hexcache/cache-layers"
import { CacheMemory } from "@hexcache/cache-memory"
import { Layer, Tracer } from "effect"

const harness: CacheContract.Harness = { time: "TestClock", scale: false }

const memory = CacheMemory.layer()
const measured = Layer.provide(Telemetry.layer(), memory)
const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
const onMemory = Layer.provide(Breaker.layer(), memory)

CacheContract.suite("FailOpen over memory", Layer.provide(FailOpen.layer, memory), harness)
CacheContract.suite("Breaker over memory", onMemory, harness)
CacheContract.suite("FailOpen over Breaker over memory", Layer.provide(FailOpen.layer, onMemory), harness)
CacheContract.suite("Telemetry over memory", measured, harness)
CacheContract.suite(
  "Telemetry with a tracer over memory",
  Layer.merge(measured, Layer.succeed(Tracer.Tracer, tracer)),
  harness
)
