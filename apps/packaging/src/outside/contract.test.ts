import { CacheContract } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"

CacheContract.suite("memory", CacheMemory.layer(), { time: "TestClock" })
