/** The port's own layers keep every law of the port. */
import { CacheContract } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"
import { Breaker, FailOpen } from "@hexcache/cache-port"
import { Layer } from "effect"

const memory = CacheMemory.layer()
const onMemory = Layer.provide(Breaker.layer(), memory)

CacheContract.suite("FailOpen over memory", Layer.provide(FailOpen.layer, memory), { time: "TestClock" })
CacheContract.suite("Breaker over memory", onMemory, { time: "TestClock" })
CacheContract.suite("FailOpen over Breaker over memory", Layer.provide(FailOpen.layer, onMemory), { time: "TestClock" })
